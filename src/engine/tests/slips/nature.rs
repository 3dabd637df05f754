//! In which ways a service lies, and how it says no.

/// What a service does otherwise than its description has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lie {
    /// Nothing.
    None,
    /// It stores another name.
    Renames(Rename),
    /// Look-ups and lists are so many milliseconds behind.
    Lags(u64),
    /// Every delete is answered with 204, whatever it is sent to.
    DeletesSayYes,
    /// Everything that it does not know is answered with 200.
    EverythingSaysYes,
    /// It deletes nothing, and says 204.
    DeletesNothing,
    /// It deletes with 202, so many milliseconds later.
    DeletesLater(u64),
    /// It makes the account and answers with this status.
    SaysNo(u16),
    /// It makes the account and answers 202 with `id: null`.
    HidesId,
    /// It answers a create with somebody else's id.
    GivesOtherId,
    /// It answers a create with an id that nobody has.
    GivesNoId,
    /// A create of a name that is there changes it.
    Upserts,
    /// It makes a second account of a name that is there.
    Twins,
    /// A parameter that it does not know empties a list.
    StrictFilters,
    /// No page is longer than three.
    ShortPages,
    /// A tenant that there is none of is an empty one.
    OpenTenants,
    /// Lists are always empty.
    EmptyLists,
    /// Ids of deleted accounts are given again, where they are counted.
    ReusesIds,
}

/// How a name is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rename {
    Cut,
    Realm,
    Domain,
    TrailingBlank,
    Decomposed,
    Ascii,
    NoDashes,
    Underscores,
    Upper,
    Lower,
}

impl Rename {
    pub(super) const ALL: [Self; 10] = [
        Self::Cut,
        Self::Realm,
        Self::Domain,
        Self::TrailingBlank,
        Self::Decomposed,
        Self::Ascii,
        Self::NoDashes,
        Self::Underscores,
        Self::Upper,
        Self::Lower,
    ];

    /// The name as it is stored.
    pub(super) fn of(self, name: &str) -> String {
        match self {
            Self::Cut => name.chars().take(32).collect(),
            Self::Realm => format!("{name}@corp.example"),
            Self::Domain => format!("CORP\\{name}"),
            Self::TrailingBlank => format!("{name} "),
            Self::Decomposed => name.replace('ë', "e\u{308}"),
            Self::Ascii => name.replace('ë', ""),
            Self::NoDashes => name.replace('-', ""),
            Self::Underscores => name.replace('-', "_"),
            Self::Upper => name.to_uppercase(),
            Self::Lower => name.to_lowercase(),
        }
    }
}

/// What a service lets us do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a right of its own")]
pub(super) struct Rights {
    /// The credentials are alive.
    pub(super) alive: bool,
    /// Accounts may be read and found.
    pub(super) see: bool,
    /// Accounts may be listed.
    pub(super) list: bool,
    pub(super) delete: bool,
    pub(super) create: bool,
    /// How it says no.
    pub(super) no: No,
}

impl Rights {
    pub(super) const ALL: Self = Self {
        alive: true,
        see: true,
        list: true,
        delete: true,
        create: true,
        no: No::Forbidden,
    };
}

/// How a service says no to whoever lacks a right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum No {
    /// 403
    Forbidden,
    /// 401
    Unauthorized,
    /// 404
    NotFound,
    /// Lists are empty, reads are 404, deletes 204.
    Empty,
}

impl No {
    pub(super) const ALL: [Self; 4] = [Self::Forbidden, Self::Unauthorized, Self::NotFound, Self::Empty];
}
