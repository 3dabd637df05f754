//! The keys of a file of `presets/`, which is no part of a configuration.

use serde_json::json;

use super::kind::block;
use super::{Block, Key, Kind};
use Kind::{Anything, Boolean, Known, Text};

block! {
    /// A file of `presets/`, which is no part of a configuration.
    preset_file, "A preset";

    /// Its name, which is that of the file.
    PRESET = "preset": Known, ["scim"];
    /// What it is for, in one line.
    ABOUT = "about": Text, ["SCIM 2.0 (RFC 7644)"];
    /// The system and version on which a whole life cycle worked.
    TRIED = "tried": Text, ["Keycloak 26.7.3"];
    /// The emulator on which a whole life cycle worked.
    EMULATOR = "emulator": Text, ["moto 5.2.5"];
    /// Requests and answers are held against the vendor's own description of the API.
    DESCRIBED = "described": Boolean, [true];
    /// What it takes from `with`.
    PARAMETERS = "parameters": Anything, [{"realm": {"about": "the realm of the accounts"}}];
    /// What a service is merged over.
    SERVICE = "service": Anything, [{"delete": {"request": "DELETE /users/{{ id }}"}}];
}

block! {
    /// A parameter of a preset.
    parameter, "A parameter";

    /// What it is, in one line.
    ABOUT = "about": Text, ["the realm of the accounts"];
    /// What holds if `with` doesn't give it. Without it, the user has to.
    DEFAULT = "default": Text, ["master"];
}
