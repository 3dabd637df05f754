//! What the image's entry point does with words that are no command of ours: it becomes that program.

use std::ffi::OsString;

use super::exit::Failure;
use crate::commands::ExitCode;

/// Becomes the program, with this process's id, environment and streams; comes back only if that can't be done.
#[cfg(unix)]
pub(super) fn program(words: &[OsString]) -> Result<ExitCode, Failure> {
    use std::os::unix::process::CommandExt as _;

    use crate::domain::why::Why;

    let Some((program, arguments)) = words.split_first() else {
        return Err(Failure::usage("no program is given"));
    };
    let error = std::process::Command::new(program).args(arguments).exec();
    Err(Failure::usage(Why::hinted(
        format!(
            "`{}` is neither a command of Standin nor a program of this image that can be run: {error}",
            program.to_string_lossy()
        ),
        "`--help` lists the commands",
    )))
}

/// There are no images for other systems.
#[cfg(not(unix))]
pub(super) fn program(_words: &[OsString]) -> Result<ExitCode, Failure> {
    Err(Failure::usage(
        "`container` is the entry point of the image, which is of Linux",
    ))
}
