//! A right description with the model of the service that it describes.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::model::{Ids, Model, Verb};
use super::nature::Lie;
use super::own::OWN;
use super::presets::PRESETS;
use super::route::Route;
use super::service::{Compiled, Service, TENANTS};
use super::slip::Slip;
use super::stage::{Stage, Variables, document, run};
use super::vendors::VENDORS;

/// As it is written down.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    /// What the user says.
    service: Value,
    #[serde(default)]
    accounts: Value,
    /// Why nobody can be found by name.
    #[serde(default)]
    blind: bool,
    model: Model,
}

/// A description.
pub(super) struct Description {
    pub(super) name: &'static str,
    /// What the user says.
    user: Value,
    /// With the preset.
    pub(super) whole: Value,
    accounts: Value,
    /// It has no eye that goes by the name.
    pub(super) blind: bool,
    compiled: Arc<Compiled>,
    keys: HashMap<String, String>,
    humans: Vec<String>,
    pub(super) slips: Vec<Slip>,
}

impl Description {
    /// All of them.
    pub(super) fn all() -> Vec<Self> {
        let own = OWN.iter().map(|(name, text)| Self::new(name, text, None));
        let presets = PRESETS
            .iter()
            .chain(&VENDORS)
            .map(|(name, preset, text)| Self::new(name, text, Some(preset)));
        own.chain(presets).collect()
    }

    /// Reads one; `preset` is the text of its preset's file.
    fn new(name: &'static str, text: &str, preset: Option<&str>) -> Self {
        let text: Text = serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut user = text.service;
        user["name"] = json!("users");
        let whole = match preset {
            None => user.clone(),
            Some(preset) => {
                user["preset"] = json!(name);
                let file: Value = serde_saphyr::from_str(preset).unwrap_or_else(|error| panic!("{name}: {error}"));
                let mut whole = file["service"].clone();
                for (parameter, said) in file["parameters"].as_object().into_iter().flatten() {
                    if let Some(default) = said.get("default") {
                        whole["with"][parameter] = default.clone();
                    }
                }
                merge(&mut whole, &user);
                whole
            }
        };
        let accounts = if text.accounts.is_null() {
            json!([{ "name": "tester" }, { "name": "integration-tester" }])
        } else {
            text.accounts
        };
        let mut fields = Vec::new();
        paths(&text.model.shows, "", &mut fields);
        let slips = Slip::all(&whole, &fields);
        let compiled = Arc::new(Compiled {
            routes: Route::all(&text.model),
            model: text.model,
        });
        let mut description = Self {
            name,
            user,
            whole,
            accounts,
            blind: text.blind,
            compiled,
            keys: HashMap::new(),
            humans: Vec::new(),
            slips,
        };
        description.meet();
        description
    }

    /// Whom the service knows beside us, and by which keys it knows us.
    fn meet(&mut self) {
        let stage = Stage::new(&self.document(None)).unwrap_or_else(|error| panic!("{}: {error}", self.name));
        let other = run("zz9zz");
        self.humans = vec!["alice".to_owned(), "tester".to_owned(), "root".to_owned()];
        for account in &stage.draft.planned.accounts {
            let alike = account
                .username
                .replace(stage.run.marker.as_str(), other.marker.as_str());
            self.humans.push(alike);
        }
        for variables in Variables::ALL {
            let is_keyed = self.compiled.model.tenant.as_deref() == Some("key");
            let is_other = variables == Variables::OtherKey;
            if is_other && !is_keyed {
                continue;
            }
            let tenant = TENANTS[usize::from(is_other)];
            let endpoint = stage.outfit(variables).endpoints[0].clone().expect("an address");
            if let Some(credential) = endpoint.credential {
                self.keys.entry(credential).or_insert_with(|| tenant.to_owned());
            }
        }
    }

    /// The document, with a mistake in it.
    pub(super) fn document(&self, slip: Option<&Slip>) -> Value {
        let mut service = self.user.clone();
        if let Some(slip) = slip {
            let changed = slip.applied(&self.whole);
            if self.user.get("preset").is_some() {
                merge_patch(&mut service, &patch(&self.whole, &changed));
            } else {
                service = changed;
            }
        }
        document(&[service], &self.accounts)
    }

    /// The services, as they are before anything happens.
    pub(super) fn services(&self, lie: Lie) -> Vec<Service> {
        let mut service = Service::new(Arc::clone(&self.compiled), lie, &self.humans);
        service.keys.clone_from(&self.keys);
        vec![service]
    }

    /// How it makes ids.
    pub(super) fn ids(&self) -> Ids {
        self.compiled.model.ids
    }

    /// What its first delete does, if that is not for good.
    pub(super) fn has_bin(&self) -> Option<Verb> {
        let verbs = self.compiled.routes.iter().map(|route| route.act.verb);
        verbs
            .into_iter()
            .find(|verb| matches!(verb, Verb::Bin | Verb::Deactivate | Verb::Expire))
    }
}

/// The paths of an account's text.
fn paths(shown: &Value, above: &str, found: &mut Vec<String>) {
    for (key, value) in shown.as_object().into_iter().flatten() {
        let path = if above.is_empty() {
            key.clone()
        } else {
            format!("{above}.{key}")
        };
        if value.is_object() {
            paths(value, &path, found);
        } else {
            found.push(path);
        }
    }
}

/// What stands in these is replaced whole.
const PAYLOADS: [&str; 3] = ["json", "form", "body"];

/// RFC 7396, with payloads replaced whole.
fn merge(base: &mut Value, over: &Value) {
    let Value::Object(over) = over else {
        *base = over.clone();
        return;
    };
    if !base.is_object() {
        *base = json!({});
    }
    let base = base.as_object_mut().expect("a map");
    for (key, value) in over {
        if value.is_null() {
            base.shift_remove(key);
        } else if PAYLOADS.contains(&key.as_str()) {
            base.insert(key.clone(), value.clone());
        } else {
            merge(base.entry(key.clone()).or_insert(Value::Null), value);
        }
    }
}

/// Puts a patch over a patch: what it takes away stays taken away.
fn merge_patch(base: &mut Value, over: &Value) {
    let (Value::Object(base), Value::Object(over)) = (&mut *base, over) else {
        *base = over.clone();
        return;
    };
    for (key, value) in over {
        match base.get_mut(key) {
            Some(known) if known.is_object() && !PAYLOADS.contains(&key.as_str()) => merge_patch(known, value),
            _ => {
                base.insert(key.clone(), value.clone());
            }
        }
    }
}

/// What has to be merged over `base` so that `changed` comes of it.
fn patch(base: &Value, changed: &Value) -> Value {
    let (Value::Object(from), Value::Object(to)) = (base, changed) else {
        return changed.clone();
    };
    let mut patched = Map::new();
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patched.insert(key.clone(), Value::Null);
    }
    for (key, value) in to {
        match from.get(key) {
            Some(known) if known == value => {}
            Some(known) if known.is_object() && value.is_object() && !PAYLOADS.contains(&key.as_str()) => {
                patched.insert(key.clone(), patch(known, value));
            }
            _ => {
                patched.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(patched)
}
