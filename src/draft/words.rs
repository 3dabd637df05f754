//! Words of identifiers: what `createUser`, `add-user` and `users.create` are made of, and what they are for.

use crate::domain::secret::plain;

/// The words of an identifier in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut open = false;
    let mut after_lower = false;
    for c in text.chars() {
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        if !open || (c.is_uppercase() && after_lower) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        open = true;
        after_lower = c.is_lowercase() || c.is_numeric();
    }
    words
}

/// The singular of an English noun, for comparisons alone.
pub(super) fn singular(word: &str) -> String {
    let ends = [
        ("people", "person"),
        ("ies", "y"),
        ("sses", "ss"),
        ("ss", "ss"),
        ("us", "us"),
        ("s", ""),
    ];
    for (end, replacement) in ends {
        if let Some(stem) = word.strip_suffix(end)
            && (stem.len() > 1 || end == "people")
        {
            return format!("{stem}{replacement}");
        }
    }
    word.to_owned()
}

/// How well a noun names an account; 0 for one that doesn't.
pub(super) fn noun_weight(word: &str) -> i32 {
    match singular(word).as_str() {
        "user" => 30,
        "identity" => 28,
        "account" => 26,
        "person" => 24,
        "member" => 18,
        "customer" => 16,
        "subscriber" | "employee" | "staff" | "student" | "patient" | "player" | "operator" | "teacher"
        | "participant" => 12,
        _ => 0,
    }
}

/// What a verb in a path or an operation's id asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Makes one.
    Create,
    /// Makes one for whoever asks.
    SignUp,
    /// Reads one.
    Read,
    /// Reads several.
    List,
    /// Finds some.
    Search,
    /// Deletes one.
    Delete,
    /// Changes one, or does something else with it.
    Act,
}

/// The verb that a word is.
pub(super) fn verb(word: &str) -> Option<Verb> {
    Some(match word {
        "create" | "add" | "new" | "insert" | "provision" | "save" => Verb::Create,
        "register" | "registration" | "registrations" | "signup" | "enroll" => Verb::SignUp,
        "get" | "read" | "show" | "view" | "info" | "detail" | "details" | "fetch" | "retrieve" | "lookup" => {
            Verb::Read
        }
        "list" | "all" | "index" => Verb::List,
        "search" | "find" | "query" | "filter" => Verb::Search,
        "delete" | "remove" | "destroy" | "purge" | "erase" => Verb::Delete,
        "update" | "edit" | "set" | "modify" | "patch" | "replace" | "change" | "activate" | "deactivate"
        | "enable" | "disable" | "ban" | "unban" | "lock" | "unlock" | "suspend" | "block" | "unblock" | "reset"
        | "verify" | "confirm" | "login" | "logout" | "authenticate" | "signin" | "invite" | "import" | "export"
        | "merge" | "upload" | "check" | "validate" | "count" | "sync" | "restore" | "approve" | "resend" | "send" => {
            Verb::Act
        }
        _ => return None,
    })
}

/// Words that say that a create makes something else, or for somebody else.
pub(super) fn is_off_the_point(word: &str) -> bool {
    const WORDS: [&str; 36] = [
        "invite",
        "invitation",
        "import",
        "batch",
        "bulk",
        "multiple",
        "many",
        "login",
        "signin",
        "authenticate",
        "logout",
        "session",
        "reset",
        "bot",
        "robot",
        "service",
        "token",
        "password",
        "verify",
        "verification",
        "confirm",
        "webhook",
        "export",
        "merge",
        "avatar",
        "upload",
        "check",
        "search",
        "validate",
        "forgot",
        "otp",
        "device",
        "notification",
        "count",
        "ldap",
        "list",
    ];
    WORDS.contains(&word) || WORDS.contains(&singular(word).as_str())
}

/// Segments that gather accounts rather than being above them.
pub(super) fn is_group(word: &str) -> bool {
    const WORDS: [&str; 18] = [
        "group",
        "role",
        "organization",
        "organisation",
        "org",
        "session",
        "ldap",
        "team",
        "project",
        "repo",
        "repository",
        "channel",
        "room",
        "course",
        "subscription",
        "invoice",
        "order",
        "space",
    ];
    WORDS.contains(&singular(word).as_str())
}

/// Segments that say where an API is, and not what it is about: `api`, `v2`, `admin`.
pub(super) fn is_prefix(word: &str) -> bool {
    let is_version = word
        .strip_prefix('v')
        .is_some_and(|rest| !rest.is_empty() && rest.chars().all(|c| c.is_ascii_digit() || c == '.'));
    is_version
        || [
            "api",
            "rest",
            "admin",
            "management",
            "manage",
            "mgmt",
            "internal",
            "public",
            "apis",
        ]
        .contains(&word)
}

/// Does a parameter or property of this name hold a user name?
pub(super) fn is_user_name(name: &str) -> bool {
    user_name_rank(name).is_some()
}

/// From this rank on a name means something else as often.
pub(super) const DOUBTFUL: usize = 11;

/// How surely a name means the user name: the lower, the surer.
pub(super) fn user_name_rank(name: &str) -> Option<usize> {
    const NAMES: [&str; 15] = [
        "username",
        "login",
        "userlogin",
        "uname",
        "accountname",
        "preferredusername",
        "userprincipalname",
        "samaccountname",
        "loginname",
        "loginid",
        "logonname",
        "handle",
        "screenname",
        "nickname",
        "user",
    ];
    let plain = plain(name);
    NAMES.iter().position(|known| *known == plain)
}

/// Does it hold an e-mail address?
pub(super) fn is_email(name: &str) -> bool {
    const NAMES: [&str; 11] = [
        "email",
        "emailaddress",
        "mail",
        "useremail",
        "primaryemail",
        "emailid",
        "emails",
        "emailaddresses",
        "mailaddress",
        "contactemail",
        "loginemail",
    ];
    NAMES.contains(&plain(name).as_str())
}

/// Does it hold an id?
pub(super) fn is_id(name: &str) -> bool {
    let plain = plain(name);
    ["id", "uuid", "guid", "uid", "pk", "key"]
        .iter()
        .any(|end| plain.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_cut_into_words() {
        for (text, expected) in [
            ("createUser", "create user"),
            ("users.create", "users create"),
            ("add-user", "add user"),
            ("APIKey_v2", "apikey v2"),
            ("adminCreateUser2", "admin create user2"),
            ("{user_id}", "user id"),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
    }

    #[test]
    fn nouns_have_a_singular_and_a_weight() {
        for (word, expected) in [
            ("users", "user"),
            ("identities", "identity"),
            ("people", "person"),
            ("status", "status"),
            ("access", "access"),
        ] {
            assert_eq!(singular(word), expected);
        }
        assert!(noun_weight("users") > noun_weight("accounts") && noun_weight("customers") > noun_weight("orders"));
        assert_eq!((noun_weight("orders"), noun_weight("usergroups")), (0, 0));
    }
}
