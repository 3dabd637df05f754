//! One request from its arrival to its answer: the delay, the gates, the fault, the effect.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Request, Response, StatusCode};
use tokio::sync::mpsc::UnboundedSender;

use super::answer::{AnswerBody, Cut, Reply};
use super::call::{Call, split_service};
use super::delay::pause;
use super::fault::Strike;
use super::shared::{Shared, Struck, no_such_service, observed};
use super::spec::{Admission, LimitHeaders, Unready};
use super::watch::{Moment, Observed, Seen};

/// How large the body of a request may be.
const MAX_BODY: usize = 1 << 20;

/// A request that is done some time after its connection was closed.
#[derive(Debug)]
pub(super) struct Late {
    pub(super) after: Duration,
    service: usize,
    call: Call,
    struck: Struck,
}

/// Answers one request, or says that its connection is to be closed.
pub(super) async fn handle(
    shared: Arc<Shared>,
    late: UnboundedSender<Late>,
    request: Request<Incoming>,
) -> Result<Response<AnswerBody>, Cut> {
    let (parts, body) = request.into_parts();
    let (n, came) = (shared.arrive(), shared.now());
    let Some((name, path)) = split_service(&parts.uri) else {
        return Ok(no_such_service().whole());
    };
    let Some(service) = shared.services.iter().position(|spec| spec.name == name) else {
        return Ok(no_such_service().whole());
    };
    let body = match Limited::new(body, MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => return Ok(too_large()),
        // The client went away in the middle of its request: there is nobody to answer.
        Err(_) => return Err(Cut),
    };
    let call = Call::new(n, came, path, parts, &body);
    let delay = shared
        .services
        .get(service)
        .and_then(|spec| spec.delay)
        .unwrap_or(shared.delay);
    pause(delay).await;

    if let Some(result) = not_ready(&shared, service) {
        let status = result.as_ref().ok().map(|answer| answer.status);
        end(&shared, service, &call, status, None);
        return result.map(Reply::whole);
    }
    let told = shared.admit(service).map(|admission| LimitsTold {
        tells: shared.services.get(service).map(|spec| spec.tells).unwrap_or_default(),
        admission,
    });
    if let Some(told) = told.as_ref().filter(|told| told.admission.wait.is_some()) {
        let answer = Reply::error(StatusCode::TOO_MANY_REQUESTS, "too many requests");
        end(&shared, service, &call, Some(answer.status), None);
        return Ok(told.with(answer.whole()));
    }
    let struck = shared.strike(service, &call);
    shared.observe(|| observed(&shared, service, &call, Moment::BeforeApply, struck.words.as_deref()));
    if let Some(Strike::Late(after)) = struck.strike {
        end(&shared, service, &call, None, struck.words.as_deref());
        // The receiver goes only when the sandbox stops, and then nothing is to be done any more.
        late.send(Late {
            after,
            service,
            call,
            struck,
        })
        .ok();
        return Err(Cut);
    }
    let result = respond(&shared, service, &call, &struck).await;
    let status = result.as_ref().ok().map(Response::status);
    end(&shared, service, &call, status, struck.words.as_deref());
    match told {
        Some(told) => result.map(|response| told.with(response)),
        None => result,
    }
}

/// What an answer tells of its service's limit.
struct LimitsTold {
    tells: LimitHeaders,
    admission: Admission,
}

impl LimitsTold {
    fn with(&self, mut response: Response<AnswerBody>) -> Response<AnswerBody> {
        let headers = response.headers_mut();
        let whole = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        if let Some(wait) = self.admission.wait.filter(|_| self.tells.retry_after) {
            headers.insert(RETRY_AFTER, HeaderValue::from(whole(wait)));
        }
        if self.tells.remaining {
            headers.insert("x-ratelimit-limit", HeaderValue::from(self.admission.limit));
            if let Ok(remaining) = HeaderValue::from_str(&format!("{:.0}", self.admission.remaining)) {
                headers.insert("x-ratelimit-remaining", remaining);
            }
            headers.insert("x-ratelimit-reset", HeaderValue::from(whole(self.admission.reset)));
        }
        response
    }
}

/// Does what a request whose connection is long closed asked for.
pub(super) fn apply_late(shared: &Shared, late: &Late) {
    let Late {
        service, call, struck, ..
    } = late;
    do_it(shared, *service, call, struck);
}

/// What a service answers that isn't ready, if it is so.
fn not_ready(shared: &Shared, service: usize) -> Option<Result<Reply, Cut>> {
    let spec = shared.services.get(service)?;
    (shared.now() < spec.ready_after).then_some(match spec.unready {
        Unready::Unavailable => Ok(Reply::error(StatusCode::SERVICE_UNAVAILABLE, "still starting")),
        Unready::Refuse => Err(Cut),
    })
}

/// Does what the request asks, tells the observer, and answers.
fn do_it(shared: &Shared, service: usize, call: &Call, struck: &Struck) -> Reply {
    let answer = shared.apply(service, call, struck.anonymous);
    shared.observe(|| observed(shared, service, call, Moment::AfterApply, struck.words.as_deref()));
    answer
}

/// The answer to a request, as its fault wants it.
async fn respond(shared: &Shared, service: usize, call: &Call, struck: &Struck) -> Result<Response<AnswerBody>, Cut> {
    let done = || do_it(shared, service, call, struck);
    let Some(strike) = &struck.strike else {
        return Ok(done().whole());
    };
    Ok(match strike {
        Strike::Status(code) => Reply::error(*code, "a fault").whole(),
        Strike::RetryAfter(code, wait) => Reply::error(*code, "a fault, try again later")
            .retry_after(*wait)
            .whole(),
        Strike::Drop | Strike::Late(_) => return Err(Cut),
        Strike::Html => Reply::empty(StatusCode::OK).login_page(),
        Strike::Redirect(url) => {
            let mut answer = Reply::empty(StatusCode::TEMPORARY_REDIRECT);
            answer.headers.push((LOCATION, url.clone()));
            answer.whole()
        }
        Strike::Vanish => Reply::error(StatusCode::NOT_FOUND, "no such account").whole(),
        Strike::RefuseDuplicate => Reply::error(StatusCode::CONFLICT, "the user name is taken").whole(),
        Strike::Stranger => shared.stranger(service, call).whole(),
        Strike::StatusAfter(code) => {
            done();
            Reply::error(*code, "a fault").whole()
        }
        Strike::Lost => {
            done();
            return Err(Cut);
        }
        Strike::Slow(by) => {
            let answer = done();
            pause(*by).await;
            answer.whole()
        }
        Strike::WrongName(name) => {
            let mut answer = done();
            answer.rename(name);
            answer.whole()
        }
        Strike::Truncate => done().truncated(),
        Strike::HtmlAfter => done().login_page(),
        Strike::Garbage => done().garbled(),
        Strike::Empty => done().emptied(),
        Strike::Huge => done().endless(),
        Strike::GzipBomb => done().gzip_bomb(),
        // These change who asks, and that was heeded when it was done.
        Strike::TokenDies(_) | Strike::Anonymous => done().whole(),
    })
}

/// Notes that a request is over and tells the observer.
fn end(shared: &Shared, service: usize, call: &Call, status: Option<StatusCode>, words: Option<&str>) {
    let over = || Observed {
        status,
        ..observed(shared, service, call, Moment::Answered, words)
    };
    shared.note(|| {
        let Observed {
            n,
            service,
            method,
            path,
            fault,
            ..
        } = over();
        let headers = call.headers.keys().map(ToString::to_string).collect();
        Seen {
            n,
            service,
            method,
            path,
            status,
            fault,
            headers,
            at: shared.now(),
        }
    });
    shared.observe(over);
}

/// What is left of the request is not read, so the connection can't serve another one.
fn too_large() -> Response<AnswerBody> {
    let mut answer = Reply::error(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 1 MiB");
    answer.headers.push((CONNECTION, HeaderValue::from_static("close")));
    answer.whole()
}
