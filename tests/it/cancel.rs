//! Ends that are asked for: a cancelled job, a signal, `run` and its command, a parent that dies, and a disk or a stream
//! that gives out. Setup stops in time with its journal whole, and what cleans up goes on.

mod command;
mod disk;
mod hurry;
mod job;
mod signal;
