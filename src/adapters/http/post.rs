//! The requests that come before all others: to token endpoints, and the steps of log-ins.

use std::rc::Rc;

use reqwest::Url;
use reqwest::header::HeaderMap;
use tracing::Instrument as _;

use super::HttpService;
use super::address::join;
use super::cookies::CookieJar;
use super::credentials::Credentials;
use super::envelope::{Envelope, set};
use super::token::Post;
use crate::adapters::exchange::{self, ShownAnswer};
use crate::config::Destination;
use crate::domain::outcome::Delivery;
use crate::domain::why::Why;
use crate::ports::HttpMessage;

impl Post for HttpService {
    async fn post(&self, url: Url, message: &HttpMessage, credentials: &Credentials) -> Delivery {
        // The service's own fields are for the service: a token endpoint is somebody else.
        let envelope = Envelope::new(url.clone(), HeaderMap::new(), message, true).and_then(|mut envelope| {
            for (name, value) in &credentials.fields() {
                set(&mut envelope.headers, name, value.expose())?;
            }
            Ok(envelope)
        });
        self.deliver(url, message, envelope).await
    }

    async fn step(&self, url: Url, message: &HttpMessage, jar: &Rc<CookieJar>, destination: &Destination) -> Delivery {
        let own = match destination {
            Destination::Service => self.fields.own.clone(),
            Destination::Unsigned => self.fields.open(),
            Destination::Elsewhere(_) => HeaderMap::new(),
        };
        let envelope = Envelope::new(url.clone(), own, message, true).map(|mut envelope| {
            envelope.is_elsewhere = matches!(destination, Destination::Elsewhere(_));
            if !envelope.is_elsewhere {
                envelope.jar = Some(Rc::clone(jar));
                envelope.keeps_cookies = true;
            }
            envelope
        });
        self.deliver(url, message, envelope).await
    }

    fn below(&self, elsewhere: Option<&str>, target: &str) -> Result<Url, Why> {
        let front = self.front(elsewhere)?;
        Ok(join(&front, target)?)
    }
}

impl HttpService {
    async fn deliver(&self, url: Url, message: &HttpMessage, envelope: Result<Envelope<'_>, Why>) -> Delivery {
        let is_debugged = tracing::enabled!(tracing::Level::DEBUG);
        let path = is_debugged.then(|| shown_address(url, message));
        // All of it lets somebody in: neither body is shown, nor a header field.
        let span = tracing::debug_span!("request", service = self.name(), method = message.method.as_str(), path);
        let exchange = async {
            let begun = self.clock.now();
            let delivery = match &envelope {
                Ok(envelope) => self.within_time(envelope).await,
                Err(reason) => Delivery::Unsendable(reason.clone()),
            };
            exchange::tell(&delivery, self.clock.now().since(begun), None, &ShownAnswer::default());
            delivery
        };
        exchange.instrument(span).await
    }
}

/// Where a token is asked for: without a query, and with the path of a log-in as it may be shown.
fn shown_address(mut address: Url, message: &HttpMessage) -> String {
    if let Some(shown) = &message.shown {
        return shown.path.clone();
    }
    address.set_query(None);
    address.set_fragment(None);
    // It fails for addresses that can have none.
    address.set_username("").unwrap_or_default();
    address.set_password(None).unwrap_or_default();
    address.into()
}
