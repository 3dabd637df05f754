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

/// What a property of this name is for, if its name says so.
pub(super) fn meaning(name: &str) -> Option<Meaning> {
    let short = plain(&name.replace(['.', '$', '@', ':'], ""));
    let one_of = |names: &[&str]| names.contains(&short.as_str());
    let words = words(name);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    let is_hashed = [
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
    Some(if is_power(name) {
        Meaning::Power
    } else if has(&["send", "notify", "notification", "welcome", "invite", "mail"])
        && words.len() > 1
        && !is_email(name)
    {
        Meaning::Bothers
    } else if one_of(&[
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
    ]) {
        Meaning::Bothers
    } else if is_hashed.iter().any(|part| short.contains(part)) {
        return None;
    } else if one_of(&[
        "password",
        "passwd",
        "pass",
        "pwd",
        "plainpassword",
        "plaintextpassword",
        "newpassword",
        "initialpassword",
        "userpassword",
        "passwordconfirmation",
        "confirmpassword",
        "passwordconfirm",
        "repeatpassword",
        "passwordrepeat",
        "retypepassword",
        "password2",
        "password1",
        "passwordagain",
        "loginpassword",
    ]) {
        Meaning::Password
    } else if is_user_name(name) {
        Meaning::UserName
    } else if is_email(name) {
        Meaning::Email
    } else if one_of(&["firstname", "givenname", "forename", "fname", "first", "firstnames"]) {
        Meaning::FirstName
    } else if one_of(&["lastname", "familyname", "surname", "lname", "last"]) {
        Meaning::LastName
    } else if one_of(&[
        "fullname",
        "displayname",
        "realname",
        "commonname",
        "completename",
        "legalname",
    ]) {
        Meaning::FullName
    } else if short == "name" {
        Meaning::Name
    } else if has(&[
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
    ]) && !short.ends_with("at")
    {
        Meaning::Confirmed
    } else if one_of(&[
        "active",
        "enabled",
        "isactive",
        "isenabled",
        "accountenabled",
        "activated",
    ]) {
        Meaning::Active
    } else if one_of(&[
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
    ]) {
        Meaning::Barred
    } else {
        return None;
    })
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
    let words = words(name);
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
            ("roles", Some(Power)),
            ("realmRoles", Some(Power)),
            ("send_welcome_email", Some(Bothers)),
            ("must_change_password", Some(Bothers)),
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
