// Tests that would log in: here they only check their credentials.
const { test, expect } = require("./account.fixture.js");

test.describe.configure({ mode: "parallel" });

for (let basket = 0; basket < 6; basket++) {
  test(`a buyer has basket ${basket}`, async ({ account }, { annotations }) => {
    annotations.push({ type: "username", description: account.username });
    expect(account.id).toBeTruthy();
    expect(account.password).toHaveLength(24);
  });
}
