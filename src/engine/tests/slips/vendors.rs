//! More presets, each with a model of its server.

/// Their names, the texts of their files, and what a user says with the model.
pub(super) const VENDORS: [(&str, &str, &str); 9] = [
    ("supabase", include_str!("../../../../presets/supabase.yml"), SUPABASE),
    ("okta", include_str!("../../../../presets/okta.yml"), OKTA),
    (
        "mattermost",
        include_str!("../../../../presets/mattermost.yml"),
        MATTERMOST,
    ),
    (
        "jupyterhub",
        include_str!("../../../../presets/jupyterhub.yml"),
        JUPYTERHUB,
    ),
    ("gitlab", include_str!("../../../../presets/gitlab.yml"), GITLAB),
    ("grafana", include_str!("../../../../presets/grafana.yml"), GRAFANA),
    ("redmine", include_str!("../../../../presets/redmine.yml"), REDMINE),
    ("auth0", include_str!("../../../../presets/auth0.yml"), AUTH0),
    ("directus", include_str!("../../../../presets/directus.yml"), DIRECTUS),
];

const SUPABASE: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { header: { apikey: "{{ env.TOKEN }}", Authorization: "Bearer {{ env.TOKEN }}" } }
model:
  guarded: true
  ids: random
  unique_email: true
  shows: { id: $id, email: $email, app_metadata: { standin: $name }, user_metadata: {} }
  taken: { status: 422, body: { error_code: email_exists } }
  routes:
    "POST /admin/users": { do: create, status: 200, takes: { email: $email, app_metadata: { standin: $name } } }
    "GET /admin/users":
      do: list
      filters: { filter: email~ }
      pages: { style: page, param: page, first: 1, size: per_page, usual: 50 }
      answers: { users: $items, aud: authenticated }
    "GET /admin/users/{id}": { do: read }
    "DELETE /admin/users/{id}": { do: delete, status: 200, answers: {} }
"#;

/// The first delete deactivates, the second deletes.
const OKTA: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { header: { Authorization: "SSWS {{ env.TOKEN }}" } }
model:
  guarded: true
  ids: random
  shows: { id: $id, status: $status, profile: { login: $name@example.com, email: $email } }
  taken: { status: 400, body: { errorCode: E0000001, errorCauses: [{ errorSummary: "login: An object with this field already exists" }] } }
  routes:
    "POST /api/v1/users": { do: create, status: 200, takes: { profile: { login: $name@example.com, email: $email } } }
    "GET /api/v1/users":
      do: list
      filters: { search: okta }
      pages: { style: link, param: after, first: 1, size: limit, usual: 10 }
      shows_inactive: true
    "GET /api/v1/users/{name}@example.com": { do: read, shows_inactive: true }
    "GET /api/v1/users/{id}": { do: read, shows_inactive: true }
    "DELETE /api/v1/users/{id}": { do: expire }
"#;

const MATTERMOST: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { bearer: "{{ env.TOKEN }}" }
model:
  guarded: true
  ids: random
  unique_email: true
  shows: { id: $id, username: $name, email: $email, delete_at: 0 }
  taken: { status: 400, body: { id: app.user.save.username_exists.app_error } }
  routes:
    "GET /api/v4/users/me": { do: probe, answers: { id: me, username: admin } }
    "POST /api/v4/users": { do: create, status: 201, takes: { username: $name, email: $email } }
    "GET /api/v4/users": { do: list, pages: { style: page, param: page, size: per_page, usual: 60 } }
    "GET /api/v4/users/username/{name}": { do: read }
    "GET /api/v4/users/{id}": { do: read }
    "DELETE /api/v4/users/{id}": { do: delete, status: 200, answers: { status: OK } }
"#;

const JUPYTERHUB: &str = r#"
service:
  url: "{{ env.URL }}/hub/api"
  auth: { bearer: "{{ env.TOKEN }}" }
model:
  guarded: true
  ids: name
  shows: { name: $name, kind: user, admin: false }
  routes:
    "POST /hub/api/users/{name}": { do: create, status: 201 }
    "GET /hub/api/users":
      do: list
      filters: { name_filter: name~ }
      pages: { style: offset, param: offset, size: limit, usual: 50 }
    "GET /hub/api/users/{id}": { do: read }
    "DELETE /hub/api/users/{id}": { do: delete }
"#;

/// A delete is done in the background.
const GITLAB: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { header: { PRIVATE-TOKEN: "{{ env.TOKEN }}" } }
model:
  guarded: true
  unique_email: true
  shows: { id: $id, username: $name, email: $email, state: active }
  routes:
    "GET /api/v4/user": { do: probe, answers: { id: 1, is_admin: true } }
    "POST /api/v4/users": { do: create, status: 201, takes: { username: $name, email: $email } }
    "GET /api/v4/users":
      do: list
      filters: { username: name, order_by: ignored, sort: ignored }
      pages: { style: page, param: page, first: 1, size: per_page, usual: 20 }
    "GET /api/v4/users/{id}": { do: read }
    "DELETE /api/v4/users/{id}": { do: delete, later: 3000 }
"#;

const GRAFANA: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { basic: { username: admin, password: "{{ env.TOKEN }}" } }
model:
  guarded: true
  unique_email: true
  shows: { id: $id, login: $name, email: $email }
  taken: { status: 412, body: { message: User already exists } }
  routes:
    "GET /api/admin/stats": { do: probe, answers: { users: 5 } }
    "POST /api/admin/users": { do: create, status: 200, takes: { login: $name, email: $email }, answers: { id: $id, message: User created } }
    "GET /api/users/lookup": { do: read, asks: { loginOrEmail: name } }
    "GET /api/users/search":
      do: list
      filters: { query: name~ }
      pages: { style: page, param: page, first: 1, size: perpage, usual: 1000 }
      answers: { totalCount: $total, users: $items, page: 1 }
    "GET /api/users/{id}": { do: read }
    "DELETE /api/admin/users/{id}": { do: delete, status: 200, answers: { message: User deleted } }
"#;

const REDMINE: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { header: { X-Redmine-API-Key: "{{ env.TOKEN }}" } }
model:
  guarded: true
  unique_email: true
  shows: { id: $id, login: $name, mail: $email, status: 1 }
  taken: { status: 422, body: { errors: [Login has already been taken] } }
  routes:
    "POST /users.json": { do: create, status: 201, takes: { user: { login: $name, mail: $email } }, answers: { user: $account } }
    "GET /users.json":
      do: list
      filters: { name: name~, status: ignored, sort: ignored }
      pages: { style: offset, param: offset, size: limit, usual: 25 }
      answers: { users: $items, total_count: $total, offset: $start }
    "GET /users/{id}.json": { do: read, answers: { user: $account } }
    "DELETE /users/{id}.json": { do: delete }
"#;

/// A delete says 204, whether there is somebody or not.
const AUTH0: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { oauth2: { client_id: standin, client_secret: "{{ env.TOKEN }}" } }
model:
  guarded: true
  ids: random
  unique_email: true
  shows: { user_id: "auth0|$id", email: $email, app_metadata: { standin: $name } }
  routes:
    "POST /api/v2/users": { do: create, status: 201, takes: { email: $email, app_metadata: { standin: $name } } }
    "GET /api/v2/users":
      do: list
      filters: { q: ignored, search_engine: ignored, include_totals: ignored, sort: ignored }
      pages: { style: page, param: page, size: per_page, usual: 50 }
      answers: { start: $start, limit: 100, total: $total, users: $items }
    "GET /api/v2/users-by-email": { do: list, filters: { email: email } }
    "GET /api/v2/users/auth0|{id}": { do: read }
    "DELETE /api/v2/users/auth0|{id}": { do: delete, missing: 204 }
"#;

/// What is missing and what is forbidden are one answer, and so is every delete.
const DIRECTUS: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { bearer: "{{ env.TOKEN }}" }
model:
  guarded: true
  ids: random
  shows: { id: $id, email: $email, status: active, external_identifier: $name }
  failure: { status: 403, body: { errors: [{ extensions: { code: FORBIDDEN } }] } }
  taken: { status: 400, body: { errors: [{ extensions: { code: RECORD_NOT_UNIQUE } }] } }
  routes:
    "GET /users/me": { do: probe, answers: { data: { id: me } } }
    "POST /users": { do: create, status: 200, takes: { email: $email, external_identifier: $name }, answers: { data: $account } }
    "GET /users":
      do: list
      filters:
        filter: directus
        filter[external_identifier][_starts_with]: "name*"
        filter[id][_eq]: id
        fields: ignored
        sort: ignored
      pages: { style: page, param: page, first: 1, size: limit, usual: 100 }
      answers: { data: $items }
    "GET /users/{id}": { do: read, answers: { data: $account } }
    "DELETE /users/{id}": { do: delete, missing: 204 }
"#;
