//! Where a setting may come from: flags, inputs, variables. What is in it is not its concern.

/// Where a setting may come from.
#[derive(Clone, Copy, Debug)]
pub struct Sources {
    /// As a flag: not what may hold a secret, since arguments are visible to every process.
    pub flag: bool,
    /// As an input of the action.
    pub input: bool,
    /// As a variable.
    pub variable: Variable,
}

/// When a `STANDIN_*` variable counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable {
    /// Always.
    Counts,
    /// Not in the action, where any earlier step can set variables for later ones.
    NotInAction,
    /// Never.
    Never,
}

/// From everywhere.
pub(super) const EVERYWHERE: Sources = Sources {
    flag: true,
    input: true,
    variable: Variable::Counts,
};
/// Decides what is run or where it may reach, so a variable of an earlier step must not set it.
pub(super) const GUARDED: Sources = Sources {
    flag: true,
    input: true,
    variable: Variable::NotInAction,
};
/// What a workflow has no use for.
pub(super) const NOT_AN_INPUT: Sources = Sources {
    flag: true,
    input: false,
    variable: Variable::Counts,
};
