//! Ready descriptions of well-known systems: data in `presets/*.yml`, embedded when the program is built.
//!
//! How a preset is written is told in `docs/presets.md`. A mistake in one is a bug, and is told at its own place.

mod copy;
mod parameters;
mod provenance;

use super::decode::Decoder;
use super::keys::service::{NAME, NEEDS, PASSWORD, PRESET, USERNAME, WITH};
use super::keys::{Key, parameter, preset_file as key};
use super::tree::{self, Content, Node, Pair};
use crate::language::{Environment, nearest};

pub(super) use parameters::check;
pub use provenance::Provenance;

/// The texts of the named files.
macro_rules! embed {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../presets/", $name, ".yml")))),*]
    };
}

/// Every preset by its name, in order.
const EMBEDDED: &[(&str, &str)] = embed![
    "auth0",
    "authentik",
    "clerk",
    "cognito",
    "directus",
    "ejabberd",
    "firebase",
    "fusionauth",
    "gitea",
    "gitlab",
    "grafana",
    "jupyterhub",
    "kanidm",
    "keycloak",
    "keystone",
    "kratos",
    "mattermost",
    "nextcloud",
    "okta",
    "plone",
    "pocketbase",
    "rabbitmq",
    "redmine",
    "salesforce",
    "scim",
    "supabase",
    "superset",
    "synapse",
    "vault",
    "wordpress",
    "workos",
    "zitadel",
];

/// What a preset may not say of a service, since it is the user's.
const USERS: [Key; 6] = [NAME, PRESET, WITH, NEEDS, USERNAME, PASSWORD];

/// A ready description of a well-known system.
#[derive(Clone, Debug)]
pub struct Preset {
    /// Its name, which is the name of its file.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: String,
    /// What it is known by.
    pub known: Provenance,
    /// What `with` gives it, in the order of the file.
    pub parameters: Vec<Parameter>,
    text: &'static str,
    service: Node,
}

/// A value that a preset takes from `with`.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name: `with.NAME`.
    pub name: String,
    /// What it is, in one line.
    pub about: String,
    default: Option<Pair>,
}

impl Parameter {
    /// Has the user to give it, wherever it is read?
    pub fn is_required(&self) -> bool {
        self.default.is_none()
    }
}

/// The names of all presets, in order.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    EMBEDDED.iter().map(|(name, _)| *name)
}

/// The preset of this name. `Err` is what to say to whoever asked: the nearest name, or all of them.
pub fn preset(name: &str) -> Result<Preset, String> {
    let mut decoder = Decoder::new("presets", "{}", Environment::default());
    match load(&mut decoder, name) {
        Some(preset) => Ok(preset),
        None => Err(hint(name)),
    }
}

/// What to say where there is no preset of this name.
fn hint(name: &str) -> String {
    match nearest(name, preset_names()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("the presets are {}", preset_names().collect::<Vec<_>>().join(", ")),
    }
}

/// The preset that a service names, if it names one that there is.
pub(super) fn of_service(decoder: &mut Decoder, node: &Node) -> Option<Preset> {
    let name = decoder.text(node, PRESET.name)?;
    let preset = load(decoder, &name);
    if preset.is_none() {
        let shown: String = name.chars().take(60).collect();
        decoder.error_with_hint(node.span, format!("there is no preset `{shown}`"), hint(&name));
    }
    preset
}

impl Preset {
    /// What a service is merged over: the fragment of the file, and the parameters that have a default.
    pub(super) fn base(&self) -> Node {
        let defaults: Vec<Pair> = self.parameters.iter().filter_map(|one| one.default.clone()).collect();
        let mut base = self.service.clone();
        if let Content::Map(entries) = &mut base.kind {
            let key_span = base.span;
            entries.push(Pair {
                key: WITH.name.to_owned(),
                key_span,
                value: Node {
                    span: key_span,
                    kind: Content::Map(defaults),
                },
            });
        }
        base
    }
}

fn load(decoder: &mut Decoder, name: &str) -> Option<Preset> {
    let (name, text) = EMBEDDED.iter().find(|(known, _)| *known == name)?;
    let source = decoder.sources.add(&format!("presets/{name}.yml"), text);
    let (node, diagnostics) = tree::parse(&mut decoder.sources, source);
    decoder.take_over(diagnostics);
    decode(decoder, &node?, name, text)
}

fn decode(decoder: &mut Decoder, node: &Node, name: &'static str, text: &'static str) -> Option<Preset> {
    let mut fields = decoder.fields(node, "a preset", &key::BLOCK)?;
    let own_name = fields.need(decoder, key::PRESET);
    if let Some(node) = own_name
        && node.as_text() != Some(name)
    {
        decoder.error(node.span, format!("the file of this preset is `{name}.yml`"));
    }
    let about = fields
        .need(decoder, key::ABOUT)
        .and_then(|node| decoder.text(node, key::ABOUT.name));
    let known = Provenance::decode(decoder, &mut fields);
    let parameters = fields.take(key::PARAMETERS).map(|node| parameters(decoder, node));
    let service = fields.need(decoder, key::SERVICE);
    for entry in service.and_then(Node::as_map).unwrap_or_default() {
        if USERS.iter().any(|key| key.name == entry.key) {
            decoder.error(entry.key_span, format!("`{}` is the user's to say", entry.key));
        }
    }
    fields.finish(decoder);
    Some(Preset {
        name,
        about: about?,
        known,
        parameters: parameters.unwrap_or_default(),
        text,
        service: service?.clone(),
    })
}

fn parameters(decoder: &mut Decoder, node: &Node) -> Vec<Parameter> {
    let parameters = decoder.named(node, "`parameters`", |decoder, entry| {
        let mut fields = decoder.fields(&entry.value, "a parameter", &parameter::BLOCK)?;
        let about = fields.need(decoder, parameter::ABOUT);
        let default = fields.entry(parameter::DEFAULT);
        fields.finish(decoder);
        Some(Parameter {
            name: entry.key.clone(),
            about: about.and_then(|node| decoder.text(node, parameter::ABOUT.name))?,
            default: default.map(|default| Pair {
                key: entry.key.clone(),
                key_span: entry.key_span,
                value: default.value.clone(),
            }),
        })
    });
    parameters.into_iter().map(|(_, parameter)| parameter).collect()
}
