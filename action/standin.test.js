// The shim as the runner starts it: a process with a scrubbed environment, whose pid alone is signalled.
// The stand-in for the binary is a copy of Node itself, a real program of this platform: started as
// `node action main` it runs the script `action.js` of its working directory.
"use strict";
const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const test = require("node:test");

const SYSTEM = { darwin: "macos", win32: "windows" }[process.platform] ?? process.platform;
const TARGET = `${SYSTEM}-${process.arch}`;
const BINARY = `standin-${TARGET}${SYSTEM === "windows" ? ".exe" : ""}`;
const REFUSAL = `::error::no binary for ${TARGET} in this ref; use a release tag such as @v1`;
const signals = { skip: SYSTEM === "windows" ? "Windows has no signals" : false };

/** An action's directory with the shim and, if asked for, a binary; removed after the test. */
function action(t, { binary = true } = {}) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "standin-shim-"));
  t.after(() => fs.rmSync(root, { recursive: true, force: true }));
  fs.mkdirSync(path.join(root, "action"));
  fs.mkdirSync(path.join(root, "dist"));
  fs.mkdirSync(path.join(root, "work"));
  for (const name of ["main.js", "post.js", "standin.js", "package.json"]) {
    fs.copyFileSync(path.join(__dirname, name), path.join(root, "action", name));
  }
  // A repository that uses the action from a folder of its own may well say this; the shim must not mind.
  fs.writeFileSync(path.join(root, "package.json"), '{"type": "module"}');
  const program = path.join(root, "dist", BINARY);
  if (binary) fs.copyFileSync(process.execPath, program);
  // Node 20 has no execve; taking it away shows the same way on Node 24.
  fs.writeFileSync(path.join(root, "no-execve.cjs"), "delete process.execve;");
  return { root, program, work: path.join(root, "work") };
}

/** Starts a phase of the action; `script` is what the stand-in for the binary does. */
function start({ root, work }, script, { phase = "main", execve = true, env = {} } = {}) {
  fs.writeFileSync(path.join(work, "action.js"), script);
  const preload = execve ? [] : ["--require", path.join(root, "no-execve.cjs")];
  const child = spawn(process.execPath, [...preload, path.join(root, "action", `${phase}.js`)], {
    cwd: work,
    env: SYSTEM === "windows" ? { SystemRoot: process.env.SystemRoot, ...env } : env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const run = { child, stdout: "", stderr: "" };
  run.printed = new Promise((resolve) => {
    child.stdout.on("data", (text) => {
      run.stdout += text;
      if (run.stdout.includes("\n")) resolve();
    });
  });
  child.stderr.on("data", (text) => (run.stderr += text));
  run.ended = new Promise((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, stdout: run.stdout, stderr: run.stderr }));
  });
  return run;
}

for (const execve of [true, false]) {
  const way = execve ? "where execve may exist" : "without execve";

  test(`the binary gets the phase, the environment and the directory, ${way}`, async (t) => {
    const shim = action(t);
    const script = "console.log(JSON.stringify([process.argv.slice(2), process.env, process.cwd()])); process.exit(3);";
    const env = { "INPUT_CONFIG-FILE": "a.yml", INPUT_CONFIG: "one: 1\ntwo: 2\n" };
    for (const phase of ["main", "post"]) {
      const end = await start(shim, script, { phase, execve, env }).ended;
      assert.equal(end.stderr, "");
      assert.equal(end.code, 3);
      const [args, seen, directory] = JSON.parse(end.stdout);
      assert.deepEqual(args, [phase]);
      assert.equal(directory, fs.realpathSync(shim.work));
      for (const [name, value] of Object.entries(env)) assert.equal(seen[name], value);
    }
  });

  test(`the binary's signal becomes the step's, ${way}`, signals, async (t) => {
    const shim = action(t);
    for (const signal of ["SIGKILL", "SIGTERM"]) {
      const script = `process.kill(process.pid, ${JSON.stringify(signal)}); setInterval(() => {}, 1000);`;
      const end = await start(shim, script, { execve }).ended;
      assert.equal(end.signal, signal);
    }
  });

  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    test(`${signal} reaches the binary, which decides how the step ends, ${way}`, signals, async (t) => {
      const shim = action(t);
      const script = `process.on("${signal}", () => { console.log("got ${signal}"); process.exit(7); });
        setInterval(() => {}, 1000); console.log("ready");`;
      const run = start(shim, script, { execve });
      await run.printed;
      run.child.kill(signal);
      const end = await run.ended;
      assert.deepEqual(end, { code: 7, signal: null, stdout: `ready\ngot ${signal}\n`, stderr: "" });
    });
  }
}

test("the process becomes the binary where execve exists", signals, async (t) => {
  const run = start(action(t), "console.log(process.pid);");
  const end = await run.ended;
  assert.equal(Number(end.stdout) === run.child.pid, process.execve !== undefined);
});

test("a binary that lost its mode is made executable", signals, async (t) => {
  const shim = action(t);
  fs.chmodSync(shim.program, 0o600);
  const end = await start(shim, "console.log('ran');").ended;
  assert.equal(end.stdout, "ran\n");
  assert.equal(fs.statSync(shim.program).mode & 0o777, 0o755);
});

const foreign = Buffer.alloc(64);
foreign.write("7f454c460201", "hex");
foreign.writeUInt16LE(0xf3, 18);
for (const [what, content] of Object.entries({
  "no binary": undefined,
  "an empty file": "",
  "a script": "#!/bin/sh\necho ran\n",
  "a program for RISC-V": foreign,
})) {
  test(`${what} in place of the binary is refused with advice`, async (t) => {
    const shim = action(t, { binary: false });
    if (content !== undefined) fs.writeFileSync(shim.program, content, { mode: 0o755 });
    for (const phase of ["main", "post"]) {
      const end = await start(shim, "", { phase }).ended;
      assert.equal(end.code, 1);
      assert.equal(end.stderr, "");
      const lines = end.stdout.split("\n");
      assert.match(lines[0], new RegExp(`^standin: .*${BINARY.replaceAll(".", "\\.")}`));
      assert.deepEqual(lines.slice(1), [REFUSAL, ""]);
    }
  });
}
