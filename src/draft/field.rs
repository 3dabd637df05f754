//! What a property of a create means: user name, e-mail address, password and the like, by the names that services give them.

use serde_json::Value;

use super::words::{is_email, is_user_name, words};
use crate::domain::secret::plain;

/// What a property is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Meaning {
    UserName,
    Email,
    Password,
    FirstName,
    LastName,
    FullName,
    /// `name`, which is one or the other.
    Name,
    /// A role, a permission or the like, which is never guessed.
    Power,
    /// Says that nothing is left to confirm or to agree to: true.
    Confirmed,
    /// Would send a message or ask for more at the first log-in: false.
    Bothers,
    /// Says that the account can be used: true.
    Active,
    /// Says that it can't: false.
    Barred,
}

/// Names, without case, `_` and `-`, and what each is for.
const NAMES: [(Meaning, &[&str]); 8] = [
    (
        Meaning::Bothers,
        &[
            "mustchangepassword",
            "temporary",
            "forcechange",
            "resetpassword",
            "forcepasswordchange",
            "changepasswordonlogin",
            "changepasswordatnextlogin",
            "mustchange",
            "mustresetpassword",
            "forcepasswordreset",
            "requirepasswordchange",
            "passwordchangerequired",
            "requirepasswordreset",
        ],
    ),
    (
        Meaning::Password,
        &[
            "password",
            "passwd",
            "pass",
            "pwd",
            "plainpassword",
            "plaintextpassword",
            "newpassword",
            "initialpassword",
            "userpassword",
            "loginpassword",
            "passwordconfirmation",
            "confirmpassword",
            "passwordconfirm",
            "repeatpassword",
            "passwordrepeat",
            "retypepassword",
            "passwordagain",
            "password1",
            "password2",
        ],
    ),
    (
        Meaning::FirstName,
        &["firstname", "givenname", "forename", "fname", "first", "firstnames"],
    ),
    (
        Meaning::LastName,
        &["lastname", "familyname", "surname", "lname", "last"],
    ),
    (
        Meaning::FullName,
        &[
            "fullname",
            "displayname",
            "realname",
            "commonname",
            "completename",
            "legalname",
        ],
    ),
    (Meaning::Name, &["name"]),
    (
        Meaning::Active,
        &[
            "active",
            "enabled",
            "isactive",
            "isenabled",
            "accountenabled",
            "activated",
        ],
    ),
    (
        Meaning::Barred,
        &[
            "disabled",
            "locked",
            "blocked",
            "suspended",
            "banned",
            "isdisabled",
            "islocked",
            "archived",
            "isblocked",
            "deleted",
        ],
    ),
];

/// Parts of names that tell of a password, or of how it is kept.
const KEPT: [&str; 11] = [
    "hash",
    "digest",
    "salt",
    "encrypted",
    "hint",
    "policy",
    "expir",
    "changed",
    "updated",
    "strength",
    "algorithm",
];
/// Words of properties that send something.
const SENDING: [&str; 6] = ["send", "notify", "notification", "welcome", "invite", "mail"];
/// Words of properties that leave nothing to confirm.
const CONFIRMING: [&str; 10] = [
    "verified",
    "confirmed",
    "agreed",
    "agree",
    "accept",
    "accepted",
    "terms",
    "tos",
    "consent",
    "confirmation",
];

/// What a property of this name is for, if its name says so.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    if is_power(name) {
        return Some(Meaning::Power);
    }
    let short = plain(&name.replace(['.', '$', '@', ':'], ""));
    let words = words(name);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    if has(&SENDING) && words.len() > 1 && !is_email(name) {
        return Some(Meaning::Bothers);
    }
    let changes = has(&["force", "must", "require", "required"]) && has(&["change", "reset"]);
    if changes {
        return Some(Meaning::Bothers);
    }
    let listed = NAMES.iter().find(|(_, names)| names.contains(&short.as_str()));
    if let Some((meaning, _)) = listed {
        return Some(*meaning);
    }
    if KEPT.iter().any(|part| short.contains(part)) {
        return None;
    }
    if is_user_name(name) {
        Some(Meaning::UserName)
    } else if is_email(name) {
        Some(Meaning::Email)
    } else if has(&CONFIRMING) && !short.ends_with("at") {
        Some(Meaning::Confirmed)
    } else {
        None
    }
}

/// Does a property of this name give power? Its value is never guessed: one document's first role was the administrator's.
pub(super) fn is_power(name: &str) -> bool {
    const POWERS: [&str; 16] = [
        "role",
        "roles",
        "admin",
        "administrator",
        "superuser",
        "sysadmin",
        "permission",
        "permissions",
        "scope",
        "scopes",
        "privilege",
        "privileges",
        "authorities",
        "grants",
        "staff",
        "rights",
    ];
    // What only tells of powers, or is for those who have them.
    const OTHERS: [&str; 8] = [
        "metadata", "note", "notes", "comment", "email", "mail", "phone", "contact",
    ];
    let words = words(name);
    if words.iter().any(|word| OTHERS.contains(&word.as_str())) {
        return false;
    }
    let is_flag = plain(name).trim_start_matches("is").to_owned();
    words.iter().any(|word| POWERS.contains(&word.as_str()))
        || POWERS.contains(&is_flag.as_str())
        || is_flag == "accesslevel"
}

/// Can a property be written at all? Not what only the service sets, and not what is on its way out.
pub(super) fn is_writable(schema: &Value) -> bool {
    let says = |key: &str| schema.get(key).and_then(Value::as_bool) == Some(true);
    let description = schema
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or("")
        .to_lowercase();
    let is_retired = [
        "deprecated",
        "[deprecated",
        "**deprecated",
        "no longer",
        "retired",
        "obsolete",
        "legacy",
        "unused",
        "read-only",
        "readonly",
        "read only",
    ]
    .iter()
    .any(|word| description.starts_with(word));
    !says("readOnly") && !says("deprecated") && !is_retired
}

/// Segments of a body below which nothing is about the account itself.
pub(super) fn is_elsewhere(name: &str) -> bool {
    const OTHERS: [&str; 24] = [
        "address",
        "addresses",
        "group",
        "groups",
        "role",
        "roles",
        "tenant",
        "tenants",
        "application",
        "applications",
        "organization",
        "organisation",
        "company",
        "department",
        "manager",
        "team",
        "shipping",
        "billing",
        "payment",
        "card",
        "device",
        "parent",
        "metadata",
        "preferences",
    ];
    words(name).iter().any(|word| OTHERS.contains(&word.as_str())) && !is_email(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_meanings() {
        use Meaning::*;
        for (name, expected) in [
            ("userName", Some(UserName)),
            ("login_name", Some(UserName)),
            ("e-mail", Some(Email)),
            ("emailAddress", Some(Email)),
            ("plain_password", Some(Password)),
            ("password_confirmation", Some(Password)),
            ("passwordHash", None),
            ("password_digest", None),
            ("given_name", Some(FirstName)),
            ("isAdmin", Some(Power)),
            ("sysadmin_flag", Some(Power)),
            ("metadata_admin", None),
            ("roles", Some(Power)),
            ("realmRoles", Some(Power)),
            ("send_welcome_email", Some(Bothers)),
            ("must_change_password", Some(Bothers)),
            ("forceChangePasswordNextSignIn", Some(Bothers)),
            ("email_verified", Some(Confirmed)),
            ("skip_confirmation", Some(Confirmed)),
            ("accept_terms", Some(Confirmed)),
            ("confirmed_at", None),
            ("enabled", Some(Active)),
            ("name", Some(Name)),
            ("phone", None),
        ] {
            assert_eq!(meaning(name), expected, "{name}");
        }
    }
}
