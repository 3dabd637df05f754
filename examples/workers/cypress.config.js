// Gives a Cypress process the account with its number. Cypress runs one process per worker, so start one for each:
//
//     WORKERS=3 standin run --config standin.yml --credentials-file credentials.json -- ./run-cypress.sh
//
// where run-cypress.sh starts `WORKER=1 npx cypress run ...` to `WORKER=3 npx cypress run ...` and waits for them.
const fs = require("node:fs");
const { defineConfig } = require("cypress");

const { accounts } = JSON.parse(fs.readFileSync("credentials.json", "utf8"));
const { username, password } = accounts[`shop/buyer-${process.env.WORKER || 1}`];

module.exports = defineConfig({
  // In a test: cy.login(Cypress.env("username"), Cypress.env("password")). Cypress doesn't print its environment.
  env: { username, password },
  e2e: { supportFile: false },
});
