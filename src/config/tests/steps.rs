//! The keys of steps: where each makes sense, and what is said where it does not.

use super::parse;

#[test]
fn a_key_that_makes_no_sense_where_it_stands_is_told_why() {
    for (rest, expected) in [
        (
            "create: { request: POST /u, json: {}, id: body.id, until: status == 200 }",
            "`create` has no `until`: sent twice, it could make two accounts\n",
        ),
        (
            "create: { request: POST /u, json: {}, id: body.id, retry: [404] }",
            "`create` has no `retry`: sent twice, it could make two accounts\n",
        ),
        (
            "create: { request: POST /u, json: {}, id: body.id, when: account.role == 'a' }",
            "`when` can't leave this request out: accounts are created, or looked for, by it\n",
        ),
        (
            "find: { request: GET /u, items: body, id: item.id, name: item.name, when: account.role == 'a' }",
            "`when` can't leave this request out: accounts are created, or looked for, by it\n",
        ),
        (
            "after_create: { request: 'POST /u/{{ id }}', until: body.done }",
            "`until` sends a request again that may change something each time\n",
        ),
        (
            "after_create: { request: 'GET /u/{{ id }}', within: 5s }",
            "`within` says how long to wait, but not for what\n",
        ),
        (
            "after_create: { request: GET /m, url: 'http://mail.test', auth: own }",
            "the service's credentials don't go to another address\n",
        ),
        (
            "after_create: { request: GET /m, url: 'http://qa:pw@mail.test' }",
            "an address with credentials in it\n",
        ),
        (
            "after_create: { request: GET /m, url: mail.test }",
            "an address begins with `http://` or `https://`\n",
        ),
        (
            "after_create: { request: GET /m, auth: nobody }",
            "`auth` is not one of own, none\n",
        ),
        (
            "after_create: { request: GET /m, until: true }",
            "`until` is an expression, not true or false\n",
        ),
        (
            "after_create: { request: GET /m, until: '200' }",
            "`until` holds for every answer\n",
        ),
        (
            "after_create: { request: GET /m, retry: 404 }",
            "`retry` is a list of status codes or an expression\n",
        ),
        (
            "after_create: { request: GET /m, when: [1] }",
            "`when` is an expression, not a list\n",
        ),
        (
            "before_create: { request: 'GET /m/{{ id }}' }",
            "unknown name `id` in an expression\n",
        ),
        (
            "create: { request: 'POST /u/{{ capture.form }}', json: {}, id: body.id }",
            "`capture.form` is not known\n",
        ),
        ("busy: 429", "`busy` is a list of status codes or an expression\n"),
        ("dead: [99]", "`dead` must be a whole number from 100 to 599\n"),
        ("refused: '400'", "`refused` holds for every answer\n"),
    ] {
        let text = format!(
            "services:\n  - name: a\n    url: http://x\n    auth: none\n    delete: DELETE /u/{{{{ id }}}}\n    {rest}\n"
        );
        let shown = parse(&text).unwrap_err();
        assert!(shown.contains(expected), "{rest}\n{shown}");
        assert_eq!(shown.matches("\nhint:").count().max(1), 1, "{shown}");
    }
}

#[test]
fn steps_stand_where_they_make_sense() {
    for rest in [
        "before_create: [GET /form, { request: POST /warm, repeatable: true, until: body.ok, within: 2m }]",
        "after_create: { request: 'PUT /u/{{ id }}', json: {}, retry: [404], within: 5s, when: account.role == 'a' }",
        "after_create: { request: GET /m, url: 'http://mail.test', auth: none, until: body.mails }",
        "before_create: { request: GET /f, capture: { form: body.id } }\n    find: { request: 'GET /f/{{ capture.form }}', items: body, id: item.id, name: item.name }",
        "verify: { request: 'GET /u/{{ id }}', when: account.role == 'a', secrets: { key: body.key } }",
        "ready: { request: GET /health, until: body.ready, within: 1m }",
        "busy: [429, 403]\n    dead: status == 403 and body.error == 'gone'\n    refused: [500]",
    ] {
        let text = format!("services:\n  - name: a\n    url: http://x\n    auth: none\n    {rest}\n");
        if let Err(shown) = parse(&text) {
            panic!("{rest}\n{shown}");
        }
    }
}
