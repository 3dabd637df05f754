//! Requests to services: one client, an own pace and own credentials for each service.
//!
//! This sends what it is given, once, within bounds, and says what became of it. It decides nothing: what an answer
//! means stands in `domain::outcome`, and whether to ask again in the engine.

mod address;
mod answer;
mod aws;
mod client;
mod connection;
mod cookies;
mod credentials;
mod envelope;
mod expiry;
mod fetch;
mod gate;
mod jwt;
mod log_in;
mod long;
mod metadata;
mod near;
mod policy;
mod post;
mod resolve;
mod signer;
mod signing_key;
mod skew;
mod source;
mod token;

use std::borrow::Cow;
use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONNECTION, COOKIE, HeaderMap};
use reqwest::{Method, Url};

use super::clock::Clock;
use crate::config::{Decisions, Withheld};
use crate::domain::answer::Answer;
use crate::domain::meaning::Meaning;
use crate::domain::outcome::Delivery;
use crate::domain::secret::Secret;
use crate::domain::time::Timestamp;
use crate::domain::why::Why;
use crate::ports::{HttpMessage, Identity, Outgoing, lets_in};
use address::join;
use connection::NOBODY;
use envelope::{Envelope, set};
use long::LongRead;
use signer::Unsigned;
use skew::{SET_CLOCK, skew};
use token::Carried;

pub use address::base;
pub use aws::AwsSigner;
pub use client::{Clients, TlsFiles};
pub use credentials::Credentials;
pub use gate::{Gate, Gates};
pub use jwt::JwtSigner;
pub use near::{is_loopback, is_private};
pub use policy::HostPolicy;
pub use signer::{OwnSigner, Signer};
pub use signing_key::SigningKey;
pub use source::{Form, FormValue, IdTokenRequest, TokenSource};
pub use token::Token;

/// A GET follows this many redirects, all within the same origin; other methods follow none.
const REDIRECTS_MAX: usize = 5;

/// Where a service is and how it is to be asked.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The service's name, for whoever looks for a fault.
    pub name: String,
    /// The base URL; its path is kept in front of every request's.
    pub base: Url,
    /// Fields that every request carries.
    pub headers: Vec<(String, String)>,
    /// What lets us in.
    pub credentials: Credentials,
    /// What signs each request; `None` where none is signed.
    pub signer: Option<Signer>,
    /// How long one request may take, from connecting to the last byte.
    pub timeout: Duration,
    /// What a log shows of its answers; `None` where no log shows any.
    pub insight: Option<Insight>,
}

/// What a log shows of a service's answers.
#[derive(Clone, Debug)]
pub struct Insight {
    /// What it never shows.
    pub withheld: Withheld,
    /// What decides on an answer.
    pub decisions: Decisions,
}

/// One service, ready to be asked.
pub struct HttpService {
    clients: Clients,
    /// For what goes to other addresses, which don't see the service's own certificate.
    others: Clients,
    endpoint: Endpoint,
    /// What every request carries, and what lets it in. Made once for all requests.
    fields: FixedFields,
    token: Option<Token>,
    gate: Rc<Gate>,
    clock: Clock,
    /// Was it told that the clock is wrong?
    told_skew: Cell<bool>,
    /// Is handed what a service repeats of a signature, before anything is told of its answer.
    keeper: Box<dyn Fn(&Secret)>,
}

/// A service's header fields as they are sent.
struct FixedFields {
    own: HeaderMap,
    credentials: HeaderMap,
}

impl HttpService {
    /// A service behind its clients, with those for other addresses. `keeper` is told of secrets that are learnt. `token` is
    /// what its requests carry beside `endpoint.credentials`. Fails where what every request carries can't be sent.
    pub fn new(
        [clients, others]: [&Clients; 2],
        endpoint: Endpoint,
        token: Option<Token>,
        gate: Rc<Gate>,
        clock: Clock,
        keeper: Box<dyn Fn(&Secret)>,
    ) -> Result<Self, Why> {
        let fields = FixedFields::of(&endpoint)?;
        Ok(Self {
            clients: clients.clone(),
            others: others.clone(),
            endpoint,
            fields,
            token,
            gate,
            clock,
            told_skew: Cell::new(false),
            keeper,
        })
    }

    /// Sees to it that the token, where there is one, will last for the next request, and that the first answer of the service
    /// is not overtaken by too many requests. Whatever goes wrong here, the next request says.
    pub async fn admit(&self) {
        if let Some(token) = &self.token {
            token.refresh(self, || self.clock.now()).await;
        }
        self.gate.pass().await;
    }

    /// Are the credentials renewed once they are no longer taken?
    pub fn renews(&self) -> bool {
        self.token.is_some()
    }

    /// What the configuration calls it.
    pub fn name(&self) -> &str {
        &self.endpoint.name
    }

    /// What a log shows of its answers; `None` where no log shows any.
    pub fn insight(&self) -> Option<&Insight> {
        self.endpoint.insight.as_ref()
    }

    /// The names of the fields that a request carries beside the message's own.
    pub fn field_names(&self, message: &HttpMessage, request: &Outgoing) -> Vec<String> {
        if request.elsewhere.is_some() {
            return Vec::new();
        }
        let is_anonymous = !is_signed(request.identity);
        let own = self
            .fields
            .own
            .keys()
            .filter(|name| !is_anonymous || !lets_in(name.as_str()));
        let brings_authorization = self.brings_authorization(message);
        let signed = (self.fields.credentials.keys()).filter(|_| !is_anonymous && !brings_authorization);
        let mut names: Vec<String> = own.chain(signed).map(|name| name.as_str().to_owned()).collect();
        let carried = self.token.as_ref().filter(|_| !is_anonymous && !brings_authorization);
        let carried = carried.and_then(|token| token.carried().ok()).unwrap_or_default();
        names.extend(carried.headers.into_iter().map(|(name, _)| name));
        names.extend(carried.jar.map(|_| COOKIE.as_str().to_owned()));
        let by_signer = self.signer(message).filter(|_| !is_anonymous);
        let made = by_signer.into_iter().flat_map(Signer::field_names);
        names.extend(made.map(str::to_owned));
        names.retain(|name| !message.headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)));
        names
    }

    /// Begins another phase of the process: what the service asked to wait for is over.
    pub fn begin_phase(&self) {
        self.gate.begin_phase();
    }

    /// Takes a turn at the service's pace, or says how long to wait.
    pub fn turn(&self) -> Result<(), Duration> {
        self.gate.turn(self.clock.now())
    }

    /// Sends a message once, with the credentials and the care that its request asks for, and reads the answer whole.
    pub async fn send(&self, message: &HttpMessage, request: &Outgoing) -> Delivery {
        // An `Authorization` of its own replaces all of `auth`, what stands in the query too.
        let token = self
            .token
            .as_ref()
            .filter(|_| is_signed(request.identity) && !self.brings_authorization(message));
        let carried = match token {
            None => Carried::default(),
            Some(token) => match token.carried() {
                Ok(carried) => carried,
                Err(unsent) => return unsent,
            },
        };
        let envelope = self.prepare(message, request, &carried);
        let sent = self.clock.now();
        let mut delivery = match &envelope {
            Ok(envelope) => self.within_time(envelope).await,
            Err(reason) => Delivery::Unsendable(reason.clone()),
        };
        request.judge(&mut delivery);
        if let (Delivery::Answered(answer), None) = (&delivery, &request.elsewhere) {
            self.gate.learn(answer, sent, self.clock.now());
            if let Some(token) = token.filter(|_| is_refused(answer, request)) {
                token.forget(&carried);
            }
            let is_signed = envelope.as_ref().is_ok_and(|envelope| envelope.signer.is_some());
            if request.identity == Identity::Own && (is_signed || token.is_some_and(Token::goes_by_time)) {
                self.tell_skew(answer, sent);
            }
        }
        self.gate.open();
        delivery
    }

    fn brings_authorization(&self, message: &HttpMessage) -> bool {
        let mut fields = self.endpoint.headers.iter().chain(&message.headers);
        fields.any(|(name, _)| name.eq_ignore_ascii_case(AUTHORIZATION.as_str()))
    }

    /// What signs a message: an `Authorization` of its own stands in the place of any signature, that of the service in the
    /// place of one that would be made there.
    fn signer(&self, message: &HttpMessage) -> Option<&Signer> {
        let signer = self.endpoint.signer.as_ref()?;
        let is_authorization = |name: &str| name.eq_ignore_ascii_case(AUTHORIZATION.as_str());
        let is_made_there = signer.field_names().into_iter().any(is_authorization);
        let is_replaced = message.headers.iter().any(|(name, _)| is_authorization(name))
            || is_made_there && self.endpoint.headers.iter().any(|(name, _)| is_authorization(name));
        (!is_replaced).then_some(signer)
    }

    /// Says once that our clock is wrong, where what goes by time was refused.
    fn tell_skew(&self, answer: &Answer, now: Timestamp) {
        if !matches!(answer.code(), 400 | 401 | 403) || self.told_skew.get() {
            return;
        }
        if let Some(skew) = skew(answer, now) {
            self.told_skew.set(true);
            let (name, code) = (self.name(), answer.code());
            tracing::warn!("`{name}` refused a signed request with {code}, and {skew}: {SET_CLOCK}");
        }
    }

    /// The address below which a request goes.
    fn front(&self, elsewhere: Option<&str>) -> Result<Cow<'_, Url>, Why> {
        match elsewhere {
            None => Ok(Cow::Borrowed(&self.endpoint.base)),
            Some(text) => base("`url`", text, self.clients.policy()).map(Cow::Owned),
        }
    }

    fn address(&self, message: &HttpMessage, elsewhere: Option<&str>) -> Result<Url, Why> {
        let front = &*self.front(elsewhere)?;
        let url = join(front, &message.target)?;
        match &message.next {
            None => Ok(url),
            Some(reference) => Ok(address::next_page(front, &url, reference)?),
        }
    }

    async fn within_time(&self, envelope: &Envelope<'_>) -> Delivery {
        let timeout = self.endpoint.timeout;
        let reading = LongRead::new(self.gate.turns());
        tokio::select! {
            biased;
            delivery = self.exchange(envelope, &reading) => delivery,
            () = reading.until(timeout) => {
                Delivery::Lost(format!("no answer within {}", humantime::format_duration(timeout)).into())
            }
        }
    }

    /// Opens a connection to the service's host and port and closes it again. Behind a proxy, where a connection says nothing
    /// of the service, its address is asked for without credentials, and any answer will do but a gateway's own.
    pub async fn reach(&self) -> Result<(), Why> {
        if self.clients.is_proxied(&self.endpoint.base) {
            let message = HttpMessage::new(Method::HEAD.as_str());
            let envelope = Envelope::new(self.endpoint.base.clone(), HeaderMap::new(), &message, true)?;
            return match self.within_time(&envelope).await {
                Delivery::Answered(answer) if answer.meaning() == Meaning::Unavailable => {
                    Err(format!("the proxy answers {}", answer.code()).into())
                }
                Delivery::Answered(_) => Ok(()),
                Delivery::NotSent(reason)
                | Delivery::Unsendable(reason)
                | Delivery::Lost(reason)
                | Delivery::Barred(reason) => Err(reason),
            };
        }
        let host = self.endpoint.base.host_str().unwrap_or_default();
        let port = self.endpoint.base.port_or_known_default().unwrap_or(80);
        let connecting = async {
            let mut refusals = Vec::new();
            for address in self.clients.resolver().addresses(host, port).await? {
                match connection::open(address).await {
                    Ok(()) => return Ok(()),
                    Err(error) => refusals.push(format!("connecting to {address}: {error}")),
                }
            }
            Err(if refusals.is_empty() {
                format!("`{host}` has no address").into()
            } else {
                refusals.join("; ").into()
            })
        };
        tokio::time::timeout(self.endpoint.timeout, connecting)
            .await
            .unwrap_or_else(|_| Err(format!("connecting to {host}:{port}: no answer").into()))
    }

    async fn exchange(&self, envelope: &Envelope<'_>, reading: &LongRead) -> Delivery {
        let mut url = envelope.url.clone();
        for _ in 0..=REDIRECTS_MAX {
            let request = match envelope.dispatch(&url, self.clock.now()) {
                Ok(request) => request,
                Err(reason) => return Delivery::Unsendable(reason),
            };
            let (response, request) = match self.send_on(envelope, &url, request).await {
                Ok(sent) => sent,
                Err(error) if connection::led_to_itself(&error) => return Delivery::NotSent(NOBODY.into()),
                Err(error) => return answer::failure(error),
            };
            if let Some(jar) = envelope.jar.as_ref().filter(|_| envelope.keeps_cookies) {
                jar.learn(&url, response.headers());
            }
            if let Some(next) = redirect(&envelope.method, &url, &response) {
                url = next;
                continue;
            }
            let delivery = answer::read(response, reading).await;
            if let (Some(signer), Delivery::Answered(answer)) = (envelope.signer, &delivery) {
                signer.repeated(&request, answer).iter().for_each(&self.keeper);
            }
            return delivery;
        }
        Delivery::Lost(format!("over {REDIRECTS_MAX} redirects").into())
    }

    /// Sends it on a connection that is open already, unless the service is known to close those without a word. What is lost
    /// on one is sent on another, where that is harmless.
    async fn send_on<'e>(
        &self,
        envelope: &'e Envelope<'_>,
        url: &Url,
        mut request: Unsigned<'e>,
    ) -> reqwest::Result<(reqwest::Response, Unsigned<'e>)> {
        let repeatable = envelope.repeatable;
        let clients = if envelope.is_elsewhere {
            &self.others
        } else {
            &self.clients
        };
        let mut is_fresh = self.gate.distrusts_connections(repeatable) || envelope.closes();
        loop {
            // A token endpoint may be on this machine while the service is not, and the other way round.
            let client = clients.towards(url, is_fresh);
            let mut builder = client.request(envelope.method.clone(), request.url.clone());
            builder = builder.headers(request.headers.clone());
            // The fields may ask for it themselves.
            if is_fresh && !envelope.closes() {
                builder = builder.header(CONNECTION, "close");
            }
            if let Some(body) = &envelope.body {
                builder = builder.body(body.to_vec());
            }
            let error = match builder.send().await {
                Ok(response) => {
                    clients.connections().answered(&response);
                    return Ok((response, request));
                }
                Err(error) => error,
            };
            if !clients.connections().had_answered(&error) {
                return Err(error);
            }
            self.gate.lose_connection();
            if is_fresh || !repeatable {
                return Err(error);
            }
            is_fresh = true;
            // A service may take each signature once. What could be signed once can be signed again.
            if let Ok(again) = envelope.dispatch(url, self.clock.now()) {
                request = again;
            }
        }
    }

    fn prepare<'m>(
        &'m self,
        message: &'m HttpMessage,
        request: &Outgoing,
        carried: &Carried,
    ) -> Result<Envelope<'m>, Why> {
        let FixedFields { own, credentials } = &self.fields;
        let elsewhere = request.elsewhere.as_deref();
        let fixed = match (elsewhere, request.identity) {
            (Some(_), _) => HeaderMap::new(),
            (None, Identity::Unsigned) => self.fields.open(),
            (None, Identity::Own | Identity::Anonymous | Identity::Spoilt) => own.clone(),
        };
        let address = self.address(message, elsewhere)?;
        let mut envelope = Envelope::new(address, fixed, message, request.repeatable)?;
        envelope.is_elsewhere = elsewhere.is_some();
        if is_signed(request.identity) {
            envelope.signer = self.signer(message);
        }
        match request.identity {
            Identity::Unsigned => {}
            Identity::Own => envelope.sign(message, credentials, carried)?,
            Identity::Anonymous => envelope.strip(own, credentials),
            Identity::Spoilt => {
                envelope.sign(message, credentials, carried)?;
                envelope.spoil(own, credentials, carried);
            }
        }
        Ok(envelope)
    }
}

impl FixedFields {
    /// The service's own that let nobody in.
    fn open(&self) -> HeaderMap {
        let open = self.own.iter().filter(|(name, _)| !lets_in(name.as_str()));
        open.map(|(name, value)| (name.clone(), value.clone())).collect()
    }

    fn of(endpoint: &Endpoint) -> Result<Self, Why> {
        let mut fields = Self {
            own: HeaderMap::new(),
            credentials: HeaderMap::new(),
        };
        for (name, value) in &endpoint.headers {
            set(&mut fields.own, name, value)?;
        }
        for (name, value) in &endpoint.credentials.fields() {
            set(&mut fields.credentials, name, value.expose())?;
        }
        Ok(fields)
    }
}

/// Does such a request carry the service's credentials, right or wrong?
fn is_signed(identity: Identity) -> bool {
    match identity {
        Identity::Own | Identity::Spoilt => true,
        Identity::Anonymous | Identity::Unsigned => false,
    }
}

/// Were the credentials refused that it was sent with? Of spoilt ones that is no news.
fn is_refused(answer: &Answer, request: &Outgoing) -> bool {
    answer.meaning() == Meaning::Unauthorized && request.identity == Identity::Own
}

fn redirect(method: &Method, from: &Url, response: &reqwest::Response) -> Option<Url> {
    let moved = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    if *method != Method::GET || !moved {
        return None;
    }
    let location = response.headers().get("location")?.to_str().ok()?;
    let next = from.join(location).ok()?;
    (next.origin() == from.origin()).then_some(next)
}
