// Turns this Node process into the static binary that belongs to this machine, which does all the work.
// It must not write to standard output before the binary runs: touching `process.stdout` makes Node change the pipe.
"use strict";
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

/** Machine codes in the headers of ELF, Mach-O and PE files. */
const MACHINES = {
  linux: { x64: 0x3e, arm64: 0xb7 },
  macos: { x64: 0x01000007, arm64: 0x0100000c },
  windows: { x64: 0x8664, arm64: 0xaa64 },
};

/** The machine code that a program's first bytes name, if they are those of a program for this system. */
function machine(system, head) {
  if (system === "linux") {
    const elf64 = head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
    return elf64 ? head.readUInt16LE(18) : undefined;
  }
  if (system === "macos") {
    return head.readUInt32LE(0) === 0xfeedfacf ? head.readUInt32LE(4) : undefined;
  }
  const pe = head.toString("latin1", 0, 2) === "MZ" ? head.readUInt32LE(0x3c) : head.length;
  return head.toString("latin1", pe, pe + 4) === "PE\0\0" ? head.readUInt16LE(pe + 4) : undefined;
}

/** Throws unless `binary` is a program for this system and processor that may be executed. */
function check(binary, system, processor) {
  const head = Buffer.alloc(4096);
  const file = fs.openSync(binary, "r");
  try {
    fs.readSync(file, head, 0, head.length, 0);
  } finally {
    fs.closeSync(file);
  }
  const wanted = MACHINES[system]?.[processor];
  if (wanted === undefined || machine(system, head) !== wanted) {
    throw new Error(`${path.basename(binary)} is not a program for ${system}-${processor}`);
  }
  try {
    fs.accessSync(binary, fs.constants.X_OK);
  } catch {
    // An archive that was unpacked without modes; where it can't be mended, the second look says so.
    fs.chmodSync(binary, 0o755);
    fs.accessSync(binary, fs.constants.X_OK);
  }
}

/** Runs the binary as a child, for Node before 22.15 and for Windows, and ends as it ends. */
function accompany(binary, args) {
  let child;
  // The runner signals this process only. The handlers stand before the child does, or a signal in between would
  // end this process and leave the child alone. On Windows the console tells the child too, and to "send" it a
  // signal would end it at once.
  const windows = process.platform === "win32";
  const signals = ["SIGINT", "SIGTERM", "SIGHUP", ...(windows ? ["SIGBREAK"] : [])];
  for (const signal of signals) process.on(signal, () => windows || child.kill(signal));
  child = spawn(binary, args, { stdio: "inherit" });
  child.on("error", (error) => refuse(error.message));
  child.on("exit", (code, signal) => {
    process.exitCode = signal === null ? code : 128 + os.constants.signals[signal];
    for (const name of signals) process.removeAllListeners(name);
    // Node ignores SIGPIPE, and Windows knows no signals: there the exit code above stands in.
    if (signal !== null && !windows) process.kill(process.pid, signal);
  });
}

/** Ends the step with an annotation. The reason comes first, as a plain line of the log. */
function refuse(reason, target) {
  const advice = target
    ? `no binary for ${target} in this ref; use a release tag such as @v1`
    : "the binary could not be started";
  fs.writeSync(1, `standin: ${reason.replace(/[\r\n]+/g, " ")}\n::error::${advice}\n`);
  process.exitCode = 1;
}

/** Becomes `standin action PHASE`, with this process's environment, directory and standard streams. */
exports.become = function become(phase) {
  const system = { darwin: "macos", win32: "windows" }[process.platform] ?? process.platform;
  const target = `${system}-${process.arch}`;
  const suffix = system === "windows" ? ".exe" : "";
  const binary = path.join(__dirname, "..", "dist", `standin-${target}${suffix}`);
  const args = ["action", phase];
  try {
    // Looked at first because a failed execve doesn't throw: it aborts Node with a core dump.
    check(binary, system, process.arch);
  } catch (error) {
    refuse(error.message, target);
    return;
  }
  if (process.execve && process.platform !== "win32") {
    // Node's warning that execve is experimental is due on the next tick, which never comes.
    process.execve(binary, [binary, ...args], process.env);
  }
  accompany(binary, args);
};
