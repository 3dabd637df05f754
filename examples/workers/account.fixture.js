// Gives each Playwright worker its own account:
//
//     WORKERS=3 STANDIN_CREDENTIALS_FILE="$PWD/credentials.json" standin run --config standin.yml -- npx playwright test --workers 3
const fs = require("node:fs");
const { test: base, expect } = require("@playwright/test");

/** The account of a worker: `parallelIndex` is from 0 to the number of workers, also when a worker was started anew. */
const test = base.extend({
  account: [
    async ({}, use, { parallelIndex }) => {
      const { accounts } = JSON.parse(fs.readFileSync(process.env.STANDIN_CREDENTIALS_FILE, "utf8"));
      await use(accounts[`shop/buyer-${parallelIndex + 1}`]);
    },
    { scope: "worker" },
  ],
});

module.exports = { test, expect };
