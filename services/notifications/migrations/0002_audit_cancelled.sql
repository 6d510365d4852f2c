-- Cancelled audits are told of, too. NOT VALID spares a scan: the rows kept so far passed a narrower check.
ALTER TABLE occasion
    DROP CONSTRAINT occasion_kind_check,
    ADD CONSTRAINT occasion_kind_check CHECK (kind IN (
        'assessment_invited', 'assessment_completed', 'risk_band_changed', 'audit_confirmed', 'audit_cancelled'
    )) NOT VALID;
