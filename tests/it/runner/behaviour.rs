//! The emulator against what is known of the runner, with small actions of its own in place of the product.

mod cancellation;
mod contained;
mod phases;

use std::fs;
use std::path::PathBuf;

use super::Runner;

/// Writes an action that declares two inputs and runs two scripts, and gives its folder.
fn action(runner: &Runner, name: &str, main: &str, post: &str) -> PathBuf {
    let folder = runner.root().join("_work/_actions/stand-in").join(name);
    fs::create_dir_all(&folder).unwrap();
    let manifest = "name: stand-in\ndescription: x\ninputs:\n  a-b: { description: x }\n  old one:\n    description: x\n    \
                    default: given\n    deprecationMessage: use a-b\nruns: { using: node20, main: main.js, post: post.js }\n";
    let prelude = "const fs = require('node:fs');\n";
    fs::write(folder.join("action.yml"), manifest).unwrap();
    fs::write(folder.join("main.js"), format!("{prelude}{main}")).unwrap();
    fs::write(folder.join("post.js"), format!("{prelude}{post}")).unwrap();
    folder
}
