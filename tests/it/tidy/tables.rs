//! Each file of a folder of guests stands in the table of its folder.

use super::{Source, report, source, tree};

/// A folder, the file that has its table, how a row of it begins, and the files that are no guests.
const TABLES: [(&str, &str, &str, &[&str]); 1] = [(
    "src/adapters/hosts/",
    "src/adapters/hosts.rs",
    "    recognise::<",
    &["plain", "tests"],
)];

#[test]
fn every_guest_stands_in_the_table_of_its_folder() {
    let tree = tree();
    report(
        &TABLES
            .iter()
            .flat_map(|table| missing(&tree, table))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_guest_that_stands_in_no_table_is_caught() {
    let table = ("src/guests/", "src/guests.rs", "row::<", &["tests"][..]);
    let folder = |rows: &str| {
        vec![
            source("src/guests.rs", rows),
            source("src/guests/tests.rs", ""),
            source("src/guests/one.rs", ""),
            source("src/guests/one/part.rs", ""),
            source("src/guests/two.rs", ""),
        ]
    };
    assert_eq!(missing(&folder("row::<one::One>\nrow::<two::Two>"), &table), [""; 0]);
    assert_eq!(missing(&folder("row::<one::One>\n// two"), &table).len(), 1);
    assert_eq!(missing(&[], &table).len(), 1);
}

fn missing(tree: &[Source], (folder, file, row, others): &(&str, &str, &str, &[&str])) -> Vec<String> {
    let Some(table) = tree.iter().find(|source| source.path == *file) else {
        return vec![format!("{file}: the table is missing")];
    };
    let guest = |source: &Source| {
        let name = source.path.strip_prefix(folder)?.strip_suffix(".rs")?.to_owned();
        (!name.contains('/') && !others.contains(&name.as_str())).then_some(name)
    };
    tree.iter()
        .filter_map(guest)
        .filter(|name| !table.text.contains(&format!("{row}{name}::")))
        .map(|name| format!("{file}: `{name}` of `{folder}` stands in no row\nhint: see docs/how-to-add.md"))
        .collect()
}
