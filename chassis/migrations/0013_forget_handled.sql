-- Events that a queue has handled have not failed any more, nor have other messages that came under their ids. What a retry holds
-- at this moment is left to it. As a rule nothing has failed, and nothing is looked for. By index, however few have failed when a
-- connection plans it: each batch asks, and must not read what a bug has set aside by the ten thousand.
CREATE FUNCTION forget_handled(handled_by text, ids text[]) RETURNS void LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM failed_event WHERE queue = handled_by) THEN
        RETURN;
    END IF;
    DELETE FROM failed_event WHERE queue = handled_by AND event_key = ANY(ARRAY(
        SELECT event_key FROM failed_event
        WHERE queue = handled_by AND event_key = ANY(ids) AND state <> 'discarded' FOR UPDATE SKIP LOCKED
    ));
    IF FOUND THEN
        DELETE FROM failed_event WHERE queue = handled_by AND event_key = ANY(ARRAY(
            SELECT event_key FROM failed_event
            WHERE queue = handled_by AND split_part(event_key, ':', 1) = ANY(ids) AND state <> 'discarded'
            FOR UPDATE SKIP LOCKED
        ));
    END IF;
END $$;
