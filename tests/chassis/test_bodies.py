"""Bodies within limits: on the wire, unpacked, and in depth."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import tracemalloc
import zlib
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import bodies, errors
from chassis.uploads import Upload


class Input(io.BytesIO):
    """A body that comes in time."""

    late = False


def request(body=b"", **environ):
    return SimpleNamespace(environ={"wsgi.input": Input(body), "CONTENT_LENGTH": str(len(body)), **environ})


def unpacked(asked):
    """What an upload gives of a body."""
    asked.headers = {"Content-Encoding": asked.environ["HTTP_CONTENT_ENCODING"]}
    asked.content_length = int(asked.environ["CONTENT_LENGTH"])
    return Upload(("text/csv",), 1_000_000, print, print)._unpacked(asked)


class Unread:
    """A body that must not be read."""

    def read(self, *_):
        pytest.fail("was read")


def test_a_body_that_says_it_is_too_large_is_not_read():
    asked = request(CONTENT_LENGTH="1001", **{"wsgi.input": Unread()})
    with pytest.raises(errors.TooLarge):
        bodies.read_body(asked, 1000)


@pytest.mark.parametrize("length", ["-1", "1e3", "+5", "0x5", "1_0", "٣", "1" * 5000])
def test_a_length_that_is_none_is_refused(length):
    with pytest.raises((errors.Malformed, errors.TooLarge)):
        bodies.read_body(request(CONTENT_LENGTH=length, **{"wsgi.input": Unread()}))


def test_a_chunked_body_is_cut_off_at_the_limit():
    asked = request(b"x" * 1000, HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="")
    assert bodies.read_body(asked, 1000) == b"x" * 1000
    long = Input(b"x" * 100_000)
    with pytest.raises(errors.TooLarge):
        bodies.read_body(request(HTTP_TRANSFER_ENCODING="chunked", **{"wsgi.input": long}), 1000)
    assert long.tell() == 1001


def test_a_body_that_ends_too_soon_is_refused():
    with pytest.raises(errors.Malformed, match="shorter"):
        bodies.read_body(request(b"{", CONTENT_LENGTH="10"))


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("X-GZIP", gzip.compress), ("deflate", zlib.compress)]
)
def test_a_packed_body_is_unpacked_and_its_limit_is_that_of_what_it_holds(encoding, pack):
    packed = pack(b"x" * 1000)
    assert bodies.read_body(request(packed, HTTP_CONTENT_ENCODING=encoding), 1000) == b"x" * 1000
    tracemalloc.start()
    with pytest.raises(errors.TooLarge):
        bodies.read_body(request(pack(b"x" * 50_000_000), HTTP_CONTENT_ENCODING=encoding), 1_000_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 60_000_000  # the bomb itself is made here, and stands for 50 of them


@pytest.mark.parametrize(
    "body",
    [b"", b"no gzip", gzip.compress(b"{}")[:-4], gzip.compress(b"{}") + b"more"],
    ids=["nothing", "text", "cut off", "more after it"],
)
@pytest.mark.parametrize("read", [bodies.read_body, lambda asked: b"".join(unpacked(asked))])
def test_what_is_not_packed_as_it_says_is_refused(body, read):
    with pytest.raises(errors.Malformed):
        read(request(body, HTTP_CONTENT_ENCODING="gzip"))


@pytest.mark.parametrize("more", [gzip.compress(b"01,2"), b"x"], ids=["member", "anything"])
@pytest.mark.parametrize("size", [10, 200_000], ids=["read at once", "read in pieces"])
def test_a_file_that_goes_on_behind_its_packed_end_is_refused_and_not_cut_off(size, more):
    packed = gzip.compress(os.urandom(size))
    assert sum(map(len, unpacked(request(packed, HTTP_CONTENT_ENCODING="gzip")))) == size
    with pytest.raises(errors.Malformed, match="something behind it"):
        list(unpacked(request(packed + more, HTTP_CONTENT_ENCODING="gzip")))


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd", "\x00"])
def test_an_encoding_that_is_not_known_is_415_and_says_which_are(encoding):
    with pytest.raises(errors.UnsupportedMediaType) as refused:
        bodies.read_body(request(b"{}", HTTP_CONTENT_ENCODING=encoding))
    assert refused.value.headers == {"Accept-Encoding": "gzip, deflate"}


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


documents = st.recursive(
    st.text(alphabet='[]{}"\\a') | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='[{"\\'), inner, max_size=3),
    max_leaves=30,
)


@given(documents, st.integers(1, 4))
def test_depth_is_counted_exactly_whatever_the_texts_hold(document, deepest):
    raw = json.dumps(document).encode()
    if depth(document) > deepest:
        with pytest.raises(errors.Malformed):
            bodies.refuse_shape(raw, deepest=deepest)
    else:
        bodies.refuse_shape(raw, deepest=deepest)


def members(value):
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return (len(value) if isinstance(value, dict) else 0) + sum(map(members, below))


def values(value):
    """Count items and members; what is empty counts as one."""
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if below is None else max(1, len(value)) + sum(map(values, below))


@given(documents, st.integers(1, 12))
def test_items_and_members_are_counted_exactly_whatever_the_texts_hold(document, most):
    raw = json.dumps(document).encode()
    if values(document) > most:
        with pytest.raises(errors.TooLarge, match=f"may have {most} items"):
            bodies.refuse_shape(raw, most_values=most)
    else:
        assert bodies.refuse_shape(raw, most_values=most) == members(document)


def test_texts_without_end_are_not_taken_apart():
    tracemalloc.start()
    for raw in (b'""' * 500_000, b'["' + b'\\"' * 400_000 + b'"]'):
        with contextlib.suppress(errors.TooLarge):
            bodies.refuse_shape(raw)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8_000_000
