//! Descriptions of services of one's own, of every shape, each with its model.

/// Their names and texts.
pub(super) const OWN: [(&str, &str); 9] = [
    ("article", ARTICLE),
    ("listed", LISTED),
    ("rest", REST),
    ("graphql", GRAPHQL),
    ("bin", BIN),
    ("chain", CHAIN),
    ("chosen", CHOSEN),
    ("realm", REALM),
    ("convention", CONVENTION),
];

/// The article's convention as it stands: nobody can be found by name.
const CONVENTION: &str = r#"
blind: true
service:
  url: "{{ env.URL }}"
  auth: { basic: { username: qa, password: "{{ env.TOKEN }}" } }
model:
  guarded: true
  shows: { id: $id, username: $name, email: $email, role: tester, owner: $owner }
  routes:
    "POST /accounts": { do: create, status: 201, takes: { username: $name, email: $email } }
    "GET /accounts/{id}": { do: read }
    "DELETE /accounts/{id}": { do: delete }
"#;

/// The article's convention with eyes.
const ARTICLE: &str = r#"
accounts:
  - { name: zoe, username: "{{ run.marker }}-zoë" }
  - { name: integration-tester }
service:
  url: "{{ env.URL }}"
  auth: { basic: { username: qa, password: "{{ env.TOKEN }}" } }
  probe: { request: GET /me }
  create:
    request: POST /accounts
    json: { username: "{{ account.username }}", email: "{{ account.email }}", role: "{{ account.role }}" }
    id: body.id
    name: body.username
  verify: { request: "GET /accounts/{{ id }}", name: body.username }
  find: { request: "GET /accounts?username={{ account.username }}", items: body, id: item.id, name: item.username }
  delete: { request: "DELETE /accounts/{{ id }}" }
model:
  guarded: true
  twins: true
  shows: { id: $id, username: $name, email: $email, role: tester, owner: $owner }
  routes:
    "POST /accounts": { do: create, status: 201, takes: { username: $name, email: $email } }
    "GET /accounts": { do: list, filters: { username: name, email: email } }
    "GET /accounts/{id}": { do: read }
    "DELETE /accounts/{id}": { do: delete }
    "GET /me": { do: probe }
"#;

/// A list is the only eye that goes by the name.
const LISTED: &str = r#"
service:
  url: "{{ env.URL }}/v1"
  auth: { bearer: "{{ env.TOKEN }}" }
  create:
    request: POST /accounts
    json: { username: "{{ account.username }}", email: "{{ account.email }}" }
    duplicate: [409]
    id: body.id
    name: body.username
  verify: { request: "GET /accounts/{{ id }}", name: body.username }
  list: { request: GET /accounts?limit=4, items: body.items, id: item.id, name: item.username, next: { page: page, first: 1 } }
  delete: { request: "DELETE /accounts/{{ id }}" }
model:
  guarded: true
  tenant: key
  shows: { id: $id, username: $name, email: $email, owner: $owner }
  routes:
    "POST /v1/accounts": { do: create, status: 201, takes: { username: $name, email: $email } }
    "GET /v1/accounts":
      do: list
      answers: { items: $items, total: $total }
      pages: { style: page, param: page, first: 1, size: limit, usual: 2 }
    "GET /v1/accounts/{id}": { do: read }
    "DELETE /v1/accounts/{id}": { do: delete }
"#;

/// Everything that a description can have.
const REST: &str = r#"
accounts:
  - { name: zoe, username: "{{ run.marker }}-zoë" }
  - { name: integration-tester }
service:
  url: "{{ env.URL }}/api"
  auth: { header: { X-Api-Key: "{{ env.TOKEN }}" } }
  headers: { X-Tenant: "{{ env.TENANT }}" }
  probe: { request: GET /whoami, expect: [200] }
  create:
    request: POST /users
    json: { data: { login: "{{ account.username }}", mail: "{{ account.email }}" } }
    expect: [201]
    duplicate: [409]
    id: body.data.id
    name: body.data.login
  after_create: [ { request: "PUT /users/{{ id }}/password", json: { value: "{{ account.password }}" }, expect: [204] } ]
  verify: { request: "GET /users/{{ id }}", expect: [200], name: body.data.login, until: "body.data.state == 'active'" }
  find:
    request: GET /users
    query: { login: "{{ account.username }}" }
    items: body.items
    id: item.id
    name: item.login
    settle: 1s
  list:
    request: GET /users?limit=4
    items: body.items
    id: item.id
    name: item.login
    next: { offset: offset }
  delete: { request: "DELETE /users/{{ id }}", expect: [202, 204], gone: [404] }
  gone: { request: "GET /users/{{ id }}", gone: [404], within: 20s }
model:
  guarded: true
  tenant: header:X-Tenant
  unique_email: true
  shows: { id: $id, login: $name, mail: $email, state: active, owner: $owner }
  routes:
    "POST /api/users": { do: create, status: 201, takes: { data: { login: $name, mail: $email } }, answers: { data: $account } }
    "GET /api/users":
      do: list
      answers: { items: $items, total: $total }
      filters: { login: name, mail: email }
      pages: { style: offset, param: offset, size: limit, usual: 2 }
    "GET /api/users/{id}": { do: read, answers: { data: $account } }
    "PUT /api/users/{id}/password": { do: touch }
    "DELETE /api/users/{id}": { do: delete }
    "GET /api/whoami": { do: probe }
"#;

/// One address, POST alone, and 200 for everything.
const GRAPHQL: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { bearer: "{{ env.TOKEN }}" }
  probe: { request: POST /graphql, json: { query: "query { viewer() { id } }" }, expect: "status == 200 and body.errors is undefined" }
  create:
    request: POST /graphql
    json:
      query: "mutation ($name: String!, $email: String!) { createUser(name: $name, email: $email) { id name } }"
      variables: { name: "{{ account.username }}", email: "{{ account.email }}" }
    expect: "status == 200 and body.errors is undefined"
    duplicate: "body.errors[0].extensions.code == 'TAKEN'"
    id: body.data.createUser.id
    name: body.data.createUser.name
  verify:
    request: POST /graphql
    json: { query: "query ($id: ID!) { userById(id: $id) { id name } }", variables: { id: "{{ id }}" } }
    expect: "body.errors is undefined and body.data.userById is not none"
    gone: "body.errors[0].message == 'not found'"
    name: body.data.userById.name
  find:
    request: POST /graphql
    json: { query: "query ($name: String!) { usersByName(name: $name) { id name } }", variables: { name: "{{ account.username }}" } }
    expect: "body.errors is undefined"
    items: body.data.usersByName
    id: item.id
    name: item.name
  delete:
    request: POST /graphql
    json: { query: "mutation ($id: ID!) { deleteUser(id: $id) { ok } }", variables: { id: "{{ id }}" } }
    expect: "body.errors is undefined and body.data.deleteUser.ok"
    gone: "body.errors[0].message == 'not found'"
  gone:
    request: POST /graphql
    json: { query: "query ($id: ID!) { userById(id: $id) { id name } }", variables: { id: "{{ id }}" } }
    gone: "body.errors[0].message == 'not found'"
model:
  guarded: true
  ids: random
  shows: { id: $id, name: $name, email: $email, owner: $owner }
  failure: { status: 200, body: { errors: [{ message: $reason }], data: null } }
  taken: { status: 200, body: { errors: [{ message: taken, extensions: { code: TAKEN } }], data: null } }
  routes:
    "POST /graphql viewer": { do: probe, answers: { data: { viewer: { id: "1" } } } }
    "POST /graphql createUser": { do: create, status: 200, takes: { variables: { name: $name, email: $email } }, answers: { data: { createUser: $account } } }
    "POST /graphql userById": { do: read, takes: { variables: { id: $id } }, answers: { data: { userById: $account } } }
    "POST /graphql usersByName": { do: list, takes: { variables: { name: $name } }, by: name, answers: { data: { usersByName: $items } } }
    "POST /graphql deleteUser": { do: delete, status: 200, takes: { variables: { id: $id } }, answers: { data: { deleteUser: { ok: true } } } }
"#;

/// A delete fills a bin, which is emptied.
const BIN: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { bearer: "{{ env.TOKEN }}" }
  probe: { request: GET /me }
  create:
    request: POST /users
    json: { name: "{{ account.username }}", email: "{{ account.email }}" }
    expect: [201]
    duplicate: [422]
    id: headers.location | last_segment
    name: null
  verify: { request: "GET /users/{{ id }}", name: body.name }
  find: { request: "GET /users?name={{ account.username }}", items: body.users, id: item.id, name: item.name }
  delete:
    - { request: "DELETE /users/{{ id }}", expect: [204], gone: [404] }
    - { request: "DELETE /deleted/{{ id }}", expect: [204], gone: [404] }
  gone: { request: "GET /deleted/{{ id }}", gone: [404] }
model:
  guarded: true
  ids: random
  shows: { id: $id, name: $name, email: $email, owner: $owner }
  taken: { status: 422, body: { message: taken } }
  routes:
    "POST /users": { do: create, status: 201, takes: { name: $name, email: $email }, answers: none, location: "/users/$id" }
    "GET /users": { do: list, filters: { name: name }, answers: { users: $items } }
    "GET /users/{id}": { do: read }
    "DELETE /users/{id}": { do: bin }
    "GET /deleted/{id}": { do: binned }
    "DELETE /deleted/{id}": { do: purge }
    "GET /deleted": { do: bins, answers: { users: $items } }
    "GET /me": { do: probe }
"#;

/// A delete of three steps.
const CHAIN: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { bearer: "{{ env.TOKEN }}" }
  probe: { request: GET /me }
  create:
    request: POST /users
    json: { name: "{{ account.username }}", email: "{{ account.email }}" }
    expect: [201]
    duplicate: [409]
    id: body.id
    name: body.name
  after_create: [ { request: "PUT /users/{{ id }}/membership", expect: [204] } ]
  verify: { request: "GET /users/{{ id }}", name: body.name }
  find: { request: "GET /users?name={{ account.username }}", items: body.users, id: item.id, name: item.name }
  delete:
    - { request: "GET /users/{{ id }}", capture: { etag: headers.etag }, gone: [404] }
    - { request: "DELETE /users/{{ id }}/membership", expect: [204], gone: [404] }
    - { request: "DELETE /users/{{ id }}", headers: { If-Match: "{{ capture.etag }}" }, expect: [204], gone: [404, 410] }
  gone: { request: "GET /users/{{ id }}", gone: [404] }
model:
  guarded: true
  shows: { id: $id, name: $name, email: $email, owner: $owner }
  routes:
    "POST /users": { do: create, status: 201, takes: { name: $name, email: $email } }
    "GET /users": { do: list, filters: { name: name }, answers: { users: $items, total: $total } }
    "GET /users/{id}": { do: read }
    "PUT /users/{id}/membership": { do: join }
    "DELETE /users/{id}/membership": { do: leave }
    "DELETE /users/{id}": { do: delete, matches: true }
    "GET /me": { do: probe }
"#;

/// The id is the name, and a create is a PUT.
const CHOSEN: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { basic: { username: qa, password: "{{ env.TOKEN }}" } }
  probe: { request: GET /whoami }
  with: { tenant: "{{ env.TENANT }}" }
  create:
    request: "PUT /t/{{ with.tenant }}/users/{{ account.username }}"
    headers: { If-None-Match: "*" }
    json: { password: "{{ account.password }}" }
    expect: [201]
    duplicate: [204, 412]
    id: account.username
    name: null
  verify: { request: "GET /t/{{ with.tenant }}/users/{{ id }}", name: body.name }
  find: { request: "GET /t/{{ with.tenant }}/users/{{ account.username }}", items: "[body]", id: item.name, name: item.name, absent: [404] }
  list: { request: "GET /t/{{ with.tenant }}/users", items: body, id: item.name, name: item.name }
  delete: { request: "DELETE /t/{{ with.tenant }}/users/{{ id }}", expect: [204], gone: [404] }
  gone: { request: "GET /t/{{ with.tenant }}/users/{{ id }}", gone: [404] }
model:
  guarded: true
  tenant: path
  ids: name
  shows: { name: $name, tags: [] }
  routes:
    "PUT /t/{tenant}/users/{name}": { do: create, status: 201, upserts: 204, answers: none }
    "GET /t/{tenant}/users": { do: list }
    "GET /t/{tenant}/users/{id}": { do: read }
    "DELETE /t/{tenant}/users/{id}": { do: delete }
    "GET /whoami": { do: probe }
"#;

/// The service puts a realm behind every name, and the description knows.
const REALM: &str = r#"
service:
  url: "{{ env.URL }}"
  auth: { bearer: "{{ env.TOKEN }}" }
  probe: { request: GET /users?limit=1 }
  create:
    request: POST /users
    json: { user: "{{ account.username }}" }
    expect: [201]
    duplicate: [409]
    id: body.key
    name: "body.user | replace('@corp.example', '')"
  verify: { request: "GET /users/{{ id }}", name: "body.user | replace('@corp.example', '')" }
  find:
    request: "GET /users?user={{ account.username }}@corp.example"
    items: body
    id: item.key
    name: "item.user | replace('@corp.example', '')"
  list:
    request: GET /users?limit=5
    items: body
    id: item.key
    name: "item.user | replace('@corp.example', '')"
    next: link
  delete: { request: "DELETE /users/{{ id }}", expect: [200], gone: [404] }
model:
  guarded: true
  ids: random
  shows: { key: $id, user: $name@corp.example, maker: $owner }
  routes:
    "POST /users": { do: create, status: 201, takes: { user: $name } }
    "GET /users":
      do: list
      filters: { user: realm }
      pages: { style: link, param: page, first: 1, size: limit, usual: 2 }
    "GET /users/{id}": { do: read }
    "DELETE /users/{id}": { do: delete, status: 200, answers: { ok: true } }
"#;
