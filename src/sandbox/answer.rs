//! What goes back on the wire: a status, headers, and a body that may be whole, halved or endless.
//!
//! The bodies of the faults are made here; when one is sent is `handler`'s part.

use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use thiserror::Error;

/// How large the answers of `huge` and `gzip-bomb` are: well over what a client should take.
pub(super) const HUGE: usize = 64 << 20;

/// The CRC-32 of [`HUGE`] zeros, which a gzip stream of them ends with (RFC 1952 section 2.3.1).
const CRC_OF_HUGE_ZEROS: u32 = 0xb2eb_30ed;

/// The connection is to be closed without (the rest of) an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("connection cut on purpose")]
pub(super) struct Cut;

/// An answer before it is put on the wire.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) json: Option<Value>,
}

impl Reply {
    pub(super) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            json: None,
        }
    }

    pub(super) fn json(status: StatusCode, json: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            json: Some(json),
        }
    }

    /// An error in words, as `{"error": "..."}`.
    pub(super) fn error(status: StatusCode, words: &str) -> Self {
        Self::json(status, json!({ "error": words }))
    }

    /// The same answer with one header more; a value that can't be one is left out.
    pub(super) fn with(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The same answer with `Retry-After` in whole seconds, rounded up.
    pub(super) fn retry_after(self, wait: std::time::Duration) -> Self {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        self.with(RETRY_AFTER, &seconds.to_string())
    }

    /// Puts `name` where the answer shows a user name.
    pub(super) fn rename(&mut self, name: &str) {
        let Some(json) = self.json.as_mut() else { return };
        let rename = |item: &mut Value| {
            if let Some(shown) = item.get_mut("username") {
                *shown = name.into();
            }
        };
        rename(json);
        if let Some(items) = json.get_mut("items").and_then(Value::as_array_mut) {
            items.iter_mut().for_each(rename);
        }
    }

    /// The answer as it should be.
    pub(super) fn whole(self) -> Response<AnswerBody> {
        let body = self.body();
        self.respond(AnswerBody::Whole(Some(body).filter(|body| !body.is_empty())))
    }

    /// The length of all and the bytes of half of it.
    pub(super) fn truncated(self) -> Response<AnswerBody> {
        let body = self.body();
        let length = body.len() as u64;
        let half = body.slice(..body.len() / 2);
        self.respond(AnswerBody::Half {
            length,
            half: Some(half),
            flushed: false,
        })
    }

    /// The status alone, without the `Location` that would tell the id.
    pub(super) fn emptied(mut self) -> Response<AnswerBody> {
        self.json = None;
        self.headers.retain(|(name, _)| name != LOCATION);
        self.respond(AnswerBody::Whole(None))
    }

    /// The status with bytes in place of its JSON.
    pub(super) fn garbled(self) -> Response<AnswerBody> {
        self.replaced(
            HeaderValue::from_static("application/json"),
            Bytes::from_static(b"{\"id\": \xff\xfe\x00 ]]"),
        )
    }

    /// A login page, as a gateway in front of a service shows it.
    pub(super) fn login_page(mut self) -> Response<AnswerBody> {
        self.status = StatusCode::OK;
        let page =
            "<!doctype html><title>Sign in</title><form method=post><input name=password type=password></form>\n";
        self.replaced(
            HeaderValue::from_static("text/html; charset=utf-8"),
            Bytes::from_static(page.as_bytes()),
        )
    }

    /// A JSON string that goes on for [`HUGE`] bytes.
    pub(super) fn endless(mut self) -> Response<AnswerBody> {
        self.unblank();
        self.respond(AnswerBody::Endless {
            left: HUGE,
            part: Piece::Front,
        })
    }

    /// [`HUGE`] zeros in 420 kB of gzip.
    pub(super) fn gzip_bomb(mut self) -> Response<AnswerBody> {
        self.headers.push((CONTENT_ENCODING, HeaderValue::from_static("gzip")));
        self.replaced(HeaderValue::from_static("application/json"), GZIP_BOMB.clone())
    }

    fn replaced(mut self, content_type: HeaderValue, body: Bytes) -> Response<AnswerBody> {
        self.unblank();
        self.json = None;
        self.headers.retain(|(name, _)| name != LOCATION);
        self.headers.push((CONTENT_TYPE, content_type));
        self.respond(AnswerBody::Whole(Some(body)))
    }

    /// A 204 has no body by definition (RFC 9110 section 15.3.5), so an answer that is to get one becomes 200.
    fn unblank(&mut self) {
        if self.status == StatusCode::NO_CONTENT {
            self.status = StatusCode::OK;
        }
    }

    fn body(&self) -> Bytes {
        // A `Value` with text keys is always JSON, so there is no failure to tell of.
        self.json
            .as_ref()
            .and_then(|json| serde_json::to_vec(json).ok())
            .map(Bytes::from)
            .unwrap_or_default()
    }

    fn respond(self, body: AnswerBody) -> Response<AnswerBody> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        if self.json.is_some() {
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        response.headers_mut().extend(self.headers);
        response
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum AnswerBody {
    Whole(Option<Bytes>),
    Half {
        length: u64,
        half: Option<Bytes>,
        flushed: bool,
    },
    Endless {
        left: usize,
        part: Piece,
    },
}

/// Which part of an endless body comes next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    Front,
    Middle,
    End,
    Over,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        let data = |bytes: Bytes| Poll::Ready(Some(Ok(Frame::data(bytes))));
        match self.get_mut() {
            Self::Whole(body) => body.take().map_or(Poll::Ready(None), data),
            Self::Half { half, flushed, .. } => {
                if let Some(half) = half.take() {
                    return data(half);
                }
                // An error drops what is not flushed yet, and a pause of one turn is what makes the server flush.
                if !*flushed {
                    *flushed = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Err(Cut)))
            }
            Self::Endless { left, part } => match *part {
                Piece::Front => {
                    *part = Piece::Middle;
                    data(Bytes::from_static(b"{\"id\":\""))
                }
                Piece::Middle => {
                    let size = FILLER.len().min(*left);
                    *left -= size;
                    if *left == 0 {
                        *part = Piece::End;
                    }
                    data(FILLER.slice(..size))
                }
                Piece::End => {
                    *part = Piece::Over;
                    data(Bytes::from_static(b"\"}"))
                }
                Piece::Over => Poll::Ready(None),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            Self::Half { length, .. } => SizeHint::with_exact(*length),
            Self::Endless { .. } => SizeHint::default(),
        }
    }
}

static FILLER: LazyLock<Bytes> = LazyLock::new(|| Bytes::from(vec![b'a'; 64 << 10]));

static GZIP_BOMB: LazyLock<Bytes> = LazyLock::new(gzip_of_zeros);

/// [`HUGE`] zeros as gzip (RFC 1952), in one deflate block of fixed codes (RFC 1951 section 3.2.6): a literal zero, then
/// "258 bytes from one byte back" again and again. Written by hand, since a server that never compresses needs no compressor.
fn gzip_of_zeros() -> Bytes {
    let mut bits = Bits {
        bytes: vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255],
        at: 0,
    };
    bits.low_first(0b1, 1); // the last block
    bits.low_first(0b01, 2); // fixed codes
    bits.high_first(0b0011_0000, 8); // literal 0
    let mut left = HUGE - 1;
    while left >= 258 {
        bits.high_first(0b1100_0101, 8); // length 258
        bits.high_first(0, 5); // distance 1
        left -= 258;
    }
    for _ in 0..left {
        bits.high_first(0b0011_0000, 8);
    }
    bits.high_first(0, 7); // end of block
    bits.bytes.extend(CRC_OF_HUGE_ZEROS.to_le_bytes());
    bits.bytes
        .extend((u32::try_from(HUGE).unwrap_or(u32::MAX)).to_le_bytes());
    Bytes::from(bits.bytes)
}

/// Bytes that are filled from their low bit on.
struct Bits {
    bytes: Vec<u8>,
    at: u32,
}

impl Bits {
    fn low_first(&mut self, value: u8, count: u32) {
        for index in 0..count {
            if self.at == 0 {
                self.bytes.push(0);
            }
            if let Some(last) = self.bytes.last_mut() {
                *last |= (value >> index & 1) << self.at;
            }
            self.at = (self.at + 1) % 8;
        }
    }

    /// Huffman codes stand in a deflate stream with their high bit first.
    fn high_first(&mut self, code: u8, count: u32) {
        self.low_first(code.reverse_bits() >> (8 - count), count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renaming_reaches_one_account_and_a_list() {
        let mut one = Reply::json(StatusCode::OK, json!({"id": "1", "username": "bob"}));
        one.rename("eve");
        assert_eq!(one.json, Some(json!({"id": "1", "username": "eve"})));
        let mut list = Reply::json(StatusCode::OK, json!({"items": [{"username": "bob"}], "total": 1}));
        list.rename("eve");
        assert_eq!(list.json, Some(json!({"items": [{"username": "eve"}], "total": 1})));
    }

    #[test]
    fn a_wait_is_rounded_up_to_whole_seconds() {
        for (wait, header) in [(0, "0"), (1, "1"), (1000, "1"), (1001, "2")] {
            let answer = Reply::empty(StatusCode::OK).retry_after(std::time::Duration::from_millis(wait));
            assert_eq!(answer.headers[0].1, header);
        }
    }

    #[test]
    fn the_bomb_is_small() {
        assert!(GZIP_BOMB.len() < 450_000);
    }
}
