//! What a plan says: names, order, limits, and the mistakes that only show with the variables at hand.

use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use super::*;
use crate::domain::marker::Origin;

fn run() -> Run {
    let origin = Origin {
        repository: "a/b",
        run: "7",
        attempt: 1,
    };
    let now = Timestamp::from_millis(1_795_421_259_000);
    Run {
        repository: "a/b".to_owned(),
        id: "7".to_owned(),
        attempt: 1,
        url: None,
        marker: Marker::new("sd", now, Duration::from_hours(24), &origin, "k3x9q"),
    }
}

fn draw(text: &str, selection: &Selection) -> Result<Draft, Why> {
    let environment = Environment::new([("WORKERS".to_owned(), "2".to_owned())], None);
    let config = Config::parse("standin.yml", text, &environment).expect("a configuration");
    let now = Timestamp::from_millis(1_795_421_259_000);
    let mut random = ChaCha20Rng::seed_from_u64(1);
    draw_up(
        &config,
        &environment,
        &run(),
        selection,
        now,
        Passwords::Drawn(&mut random),
    )
}

fn names(draft: &Draft) -> Vec<String> {
    draft
        .planned
        .accounts
        .iter()
        .map(|account| account.key.to_string())
        .collect()
}

const TWO: &str = "
services:
  - { name: billing, url: http://localhost:1, needs: [crm] }
  - { name: crm, url: http://localhost:2 }
accounts:
  - { name: alice, services: [crm] }
  - { name: buyer, count: \"{{ env.WORKERS }}\" }
";

#[test]
fn what_is_needed_comes_first_and_copies_are_numbered() {
    let draft = draw(TWO, &Selection::default()).expect("a plan");
    assert_eq!(
        names(&draft),
        [
            "crm/alice",
            "crm/buyer-1",
            "crm/buyer-2",
            "billing/buyer-1",
            "billing/buyer-2"
        ]
    );
    assert_eq!(draft.planned.accounts[3].needs, [1]);
    assert_eq!(draft.planned.accounts[4].needs, [2]);
    let marker = run().marker;
    assert_eq!(draft.planned.accounts[1].username, format!("{marker}-buyer-1"));
    assert_eq!(draft.planned.accounts[1].email, format!("{marker}-buyer-1@example.com"));
}

#[test]
fn a_part_can_be_selected() {
    let only = |services: &[&str], personas: &[&str]| Selection {
        services: services.iter().map(|name| (*name).to_owned()).collect(),
        personas: personas.iter().map(|name| (*name).to_owned()).collect(),
    };
    let draft = draw(TWO, &only(&["crm"], &["alice"])).expect("a plan");
    assert_eq!(names(&draft), ["crm/alice"]);
    let error = draw(TWO, &only(&["billing"], &[])).err().expect("a mistake");
    assert!(error.what.contains("`billing/buyer-1` needs `crm/buyer-1`"), "{error}");
    let error = draw(TWO, &only(&["bilking"], &[])).err().expect("a mistake");
    assert!(error.what.contains("`only` names `bilking`"), "{error}");
}

#[test]
fn people_repeat_for_the_same_run_and_passwords_never_do() {
    let first = draw(TWO, &Selection::default()).expect("a plan");
    let second = draw(TWO, &Selection::default()).expect("a plan");
    assert_eq!(first.planned, second.planned);
    let passwords: Vec<_> = first.people.iter().map(|person| person.password.clone()).collect();
    assert_eq!(passwords.len(), 3);
    assert!(passwords.iter().all(Option::is_some));
    assert_ne!(passwords[0], passwords[1]);
    let recalled = |draft: &Draft| {
        let account = &draft.planned.accounts[1];
        draft.people[1]
            .value(&account.username, &account.email)
            .get_attr("first_name")
            .expect("a name")
    };
    assert_eq!(recalled(&first), recalled(&second));
}

#[test]
fn no_two_people_have_the_same_names_and_a_part_of_them_keeps_its_own() {
    let text = "services: [{ name: crm, url: http://localhost:1 }]\naccounts: [{ name: a, count: 3000 }, { name: b, locale: de, count: 3000 }, { name: c, locale: zh, count: 3000 }]\n";
    let names = |draft: &Draft| -> Vec<[String; 2]> {
        let of = |person: &Arc<Person>| {
            ["first_name", "last_name"].map(|key| person.value("u", "e").get_attr(key).expect("a name").to_string())
        };
        draft.people.iter().map(of).collect()
    };
    let all = names(&draw(text, &Selection::default()).expect("a plan"));
    let distinct: std::collections::HashSet<&[String; 2]> = all.iter().collect();
    assert_eq!(distinct.len(), 9000);
    let of_c = Selection {
        personas: vec!["c".to_owned()],
        ..Selection::default()
    };
    let of_c = draw(text, &of_c).expect("a plan");
    assert_eq!(names(&of_c), all[6000..]);
    // Without the second draw some would be alike.
    let first_draws: std::collections::HashSet<_> = (1..=3000)
        .map(|index| person::made_names(crate::config::Locale::Zh, &format!("c-{index}"), 0, &run()))
        .collect();
    assert!(first_draws.len() < 3000, "{}", first_draws.len());
}

#[test]
fn a_name_is_cut_to_what_the_service_takes_but_never_the_marker() {
    let config = |max: usize| {
        format!(
            "services: [{{ name: crm, url: http://localhost:1, account_name_max: {max} }}]\naccounts: [{{ name: a_very_long_name_for_a_persona }}]\n"
        )
    };
    let draft = draw(&config(40), &Selection::default()).expect("a plan");
    let username = &draft.planned.accounts[0].username;
    assert_eq!(username.len(), 40);
    assert!(Marker::at_front_of(username).is_some(), "{username}");
    assert!(draw(&config(26), &Selection::default()).is_err());
    // Also where it stands behind something.
    let behind = |max: usize| {
        format!(
            "services: [{{ name: crm, url: http://localhost:1, account_name_max: {max} }}]\naccounts: [{{ name: alice, username: 'qa.{{{{ run.marker }}}}-with-a-tail' }}]\n"
        )
    };
    let draft = draw(&behind(36), &Selection::default()).expect("a plan");
    assert!(draft.planned.accounts[0].username.contains(run().marker.as_str()));
    assert!(draw(&behind(30), &Selection::default()).is_err());
}

#[test]
fn a_user_name_of_ones_own_carries_the_marker_or_says_that_it_does_not() {
    let config = |rest: &str| {
        format!("services: [{{ name: crm, url: http://localhost:1 }}]\naccounts: [{{ name: alice, {rest} }}]\n")
    };
    let draft = draw(&config("username: 'qa.{{ run.marker }}'"), &Selection::default()).expect("a plan");
    assert_eq!(draft.planned.accounts[0].username, format!("qa.{}", run().marker));
    let draft = draw(&config("username: alice, unmarked: true"), &Selection::default()).expect("a plan");
    assert!(draft.planned.accounts[0].unmarked);
}

#[test]
fn names_are_of_the_personas_language() {
    let named = |locale: &str| {
        let text = format!(
            "services: [{{ name: crm, url: http://localhost:1 }}]\naccounts: [{{ name: alice, locale: {locale} }}]\n"
        );
        let draft = draw(&text, &Selection::default()).expect("a plan");
        let account = draft.people[0].value("u", "e");
        ["first_name", "last_name"].map(|key| account.get_attr(key).expect("a name").to_string())
    };
    let all: Vec<[String; 2]> = ["en", "de", "fr", "it", "ja", "nl", "pt", "pt_br", "tr", "zh"]
        .map(named)
        .into();
    let distinct: std::collections::HashSet<&[String; 2]> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "{all:?}");
    for of_han in [&all[4], &all[9]] {
        assert!(of_han.iter().all(|name| !name.is_ascii()), "{of_han:?}");
    }
    assert!(all[0].iter().all(|name| name.is_ascii()), "{:?}", all[0]);
    for (same, as_this) in [("en-GB", 0), ("DE", 1), ("pt-BR", 7), ("zh_CN", 9)] {
        assert_eq!(named(same), all[as_this], "{same}");
    }
}

#[test]
fn made_names_are_of_letters_alone_in_every_language() {
    let persona = |locale: &str| format!("  - {{ name: {locale}, locale: {locale}, count: 300 }}\n");
    let locales = ["en", "de", "fr", "it", "ja", "nl", "pt", "pt_BR", "tr", "zh"];
    let text = format!(
        "services: [{{ name: crm, url: http://localhost:1, auth: none }}]\naccounts:\n{}",
        locales.map(persona).concat()
    );
    let draft = draw(&text, &Selection::default()).expect("a plan");
    for person in &draft.people {
        let value = person.value("u", "e");
        for key in ["first_name", "last_name"] {
            let name = value.get_attr(key).expect("a name").to_string();
            let fits = name.chars().all(|c| c.is_alphabetic() || " -'".contains(c));
            assert!(
                fits && name.trim() == name && !name.is_empty(),
                "{}: {name:?}",
                person.name
            );
        }
    }
}

#[test]
fn accounts_that_would_fill_the_memory_are_a_mistake() {
    let long = "x".repeat(900_000);
    for persona in [
        format!("fields: {{ bio: {long} }}"),
        format!("role: {long}"),
        format!("email: '{{{{ account.username }}}}{long}@example.com'"),
    ] {
        let text = format!(
            "services: [{{ name: crm, url: http://localhost:1, auth: none }}]\naccounts: [{{ name: buyer, count: 10000, {persona} }}]"
        );
        let error = draw(&text, &Selection::default()).err().expect("too much").in_line();
        assert!(
            error.starts_with("the accounts take over 192 MiB of memory, with those of the persona `buyer`; hint:"),
            "{error}"
        );
    }
}
