//! The presets, each with a model of its server, as far as accounts go.

/// Their names, the texts of their files, and what a user says with the model.
pub(super) const PRESETS: [(&str, &str, &str); 7] = [
    ("scim", include_str!("../../../../presets/scim.yml"), SCIM),
    ("rabbitmq", include_str!("../../../../presets/rabbitmq.yml"), RABBITMQ),
    ("keycloak", include_str!("../../../../presets/keycloak.yml"), KEYCLOAK),
    ("kratos", include_str!("../../../../presets/kratos.yml"), KRATOS),
    (
        "pocketbase",
        include_str!("../../../../presets/pocketbase.yml"),
        POCKETBASE,
    ),
    ("synapse", include_str!("../../../../presets/synapse.yml"), SYNAPSE),
    ("gitea", include_str!("../../../../presets/gitea.yml"), GITEA),
];

const SCIM: &str = r#"
service:
  url: "{{ env.URL }}/scim/v2"
  auth: { bearer: "{{ env.TOKEN }}" }
model:
  guarded: true
  ids: random
  shows: { id: $id, userName: $name, emails: [{ value: $email }], active: true, meta: { resourceType: User } }
  taken: { status: 409, body: { scimType: uniqueness } }
  routes:
    "POST /scim/v2/Users": { do: create, status: 201, takes: { userName: $name, emails: [{ value: $email }] } }
    "GET /scim/v2/Users":
      do: list
      filters: { filter: scim }
      pages: { style: offset, param: startIndex, first: 1, size: count, usual: 2 }
      answers: { totalResults: $total, startIndex: $start, itemsPerPage: $count, Resources: $items }
    "GET /scim/v2/Users/{id}": { do: read }
    "DELETE /scim/v2/Users/{id}": { do: delete }
"#;

const RABBITMQ: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { basic: { username: admin, password: "{{ env.TOKEN }}" } }
model:
  guarded: true
  ids: name
  shows: { name: $name, tags: [], hashing_algorithm: sha256 }
  routes:
    "GET /api/whoami": { do: probe, answers: { name: admin, tags: [administrator] } }
    "PUT /api/users/{name}": { do: create, status: 201, upserts: 204, answers: none }
    "PUT /api/permissions/{vhost}/{id}": { do: touch, status: 201 }
    "GET /api/users": { do: list }
    "GET /api/users/{id}": { do: read }
    "DELETE /api/users/{id}": { do: delete }
"#;

const KEYCLOAK: &str = r#"
service:
  url: "{{ env.URL }}"
  with: { realm: "{{ env.TENANT }}" }
  auth: { oauth2: { client_id: standin, client_secret: "{{ env.TOKEN }}" } }
model:
  guarded: true
  tenant: path
  ids: random
  unique_email: true
  shows: { id: $id, username: $name, email: $email, enabled: true, createdTimestamp: 1800000000000 }
  taken: { status: 409, body: { errorMessage: User exists with same username } }
  routes:
    "GET /admin/realms/{tenant}/users/count": { do: probe, answers: 5 }
    "GET /admin/realms/{tenant}/attack-detection/brute-force/users/{id}": { do: probe, sees: true, answers: { numFailures: 0 } }
    "POST /admin/realms/{tenant}/users":
      { do: create, status: 201, takes: { username: $name, email: $email }, answers: none, location: "http://a.test/admin/realms/t1/users/$id" }
    "GET /admin/realms/{tenant}/users":
      do: list
      filters: { username: exact, email: email, exact: ignored, briefRepresentation: ignored }
      pages: { style: offset, param: first, size: max, usual: 100 }
    "GET /admin/realms/{tenant}/users/{id}": { do: read }
    "DELETE /admin/realms/{tenant}/users/{id}": { do: delete }
"#;

const KRATOS: &str = r#"
service:
  url: "{{ env.URL }}"
model:
  ids: random
  unique_email: true
  shows: { id: $id, schema_id: default, state: active, traits: { email: $email }, metadata_admin: { standin: $name }, credentials: { password: { identifiers: [$email] } } }
  routes:
    "POST /admin/identities": { do: create, status: 201, takes: { traits: { email: $email }, metadata_admin: { standin: $name } } }
    "GET /admin/identities":
      do: list
      filters: { credentials_identifier: email }
      pages: { style: link, param: page_token, first: 1, size: page_size, usual: 250 }
    "GET /admin/identities/{id}": { do: read }
    "DELETE /admin/identities/{id}": { do: delete }
"#;

const POCKETBASE: &str = r#"
service:
  url: "{{ env.URL }}"
  with: { identity: admin@example.com, password: "{{ env.TOKEN }}" }
model:
  guarded: true
  ids: random
  shows: { id: $id, collectionName: users, email: $name@example.com, name: A Name, verified: true }
  taken: { status: 400, body: { data: { email: { code: validation_not_unique } } } }
  routes:
    "GET /api/settings": { do: probe, sees: true, answers: { meta: { appName: a } } }
    "POST /api/collections/users/records": { do: create, status: 200, takes: { email: $name@example.com } }
    "GET /api/collections/users/records":
      do: list
      filters: { filter: pocket, sort: ignored, skipTotal: ignored }
      pages: { style: page, param: page, first: 1, size: perPage, usual: 30 }
      answers: { page: 1, items: $items }
    "GET /api/collections/users/records/{id}": { do: read }
    "DELETE /api/collections/users/records/{id}": { do: delete }
"#;

const SYNAPSE: &str = r#"
service:
  url: "{{ env.URL }}"
  with: { server_name: example.org }
  auth: { bearer: "{{ env.TOKEN }}" }
model:
  guarded: true
  ids: name
  shows: { name: "@$name:example.org", deactivated: $inactive, admin: false }
  routes:
    "PUT /_synapse/admin/v2/users/@{name}:example.org": { do: create, status: 201, upserts: 200 }
    "GET /_synapse/admin/v2/users":
      do: list
      filters: { user_id: matrix, guests: ignored }
      pages: { style: offset, param: from, size: limit, usual: 100 }
      answers: { users: $items, next_token: $next, total: $total }
    "GET /_synapse/admin/v2/users/@{name}:example.org": { do: read, shows_inactive: true }
    "POST /_synapse/admin/v1/deactivate/@{name}:example.org": { do: deactivate, status: 200, answers: { id_server_unbind_result: success } }
"#;

const GITEA: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { header: { Authorization: "token {{ env.TOKEN }}" } }
model:
  guarded: true
  ids: name
  unique_email: true
  shows: { id: 12, login: $name, email: $email }
  taken: { status: 422, body: { message: "user already exists [name: x]" } }
  routes:
    "GET /api/v1/admin/users":
      do: list
      filters: { q: name~ }
      pages: { style: page, param: page, first: 1, size: limit, usual: 30 }
    "POST /api/v1/admin/users": { do: create, status: 201, takes: { username: $name, email: $email } }
    "GET /api/v1/users/{id}": { do: read }
    "DELETE /api/v1/admin/users/{id}": { do: delete }
"#;
