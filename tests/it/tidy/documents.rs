//! What documents say of each other and of the action.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{ROOT, Source, check, extension, source, tree};

/// The site's pages in their order, by what a reader wants.
const CONTENTS: &str = "docs/SUMMARY.md";

#[test]
fn links_between_documents_lead_somewhere() {
    check(broken_links);
}

#[test]
fn the_table_of_contents_has_every_page_once() {
    let tree = tree();
    let contents = tree.iter().find(|file| file.path == CONTENTS).expect(CONTENTS);
    let mut listed = links(&contents.text);
    listed.sort_unstable();
    let pages = tree.iter().filter(|file| file.path != CONTENTS);
    let mut pages: Vec<&str> = pages.filter_map(|file| file.path.strip_prefix("docs/")).collect();
    pages.retain(|name| extension(name) == "md");
    pages.sort_unstable();
    assert_eq!(listed, pages, "{CONTENTS} against the pages in docs");
}

#[test]
fn the_page_of_the_action_lists_its_inputs_and_outputs() {
    let tree = tree();
    let text = |path: &str| {
        tree.iter()
            .find(|file| file.path == path)
            .map(|file| file.text.as_str())
    };
    let page = text("docs/action.md").expect("docs/action.md");
    let action = text("action.yml").expect("action.yml");
    let inputs = keys(action, "inputs");
    assert!(!inputs.is_empty(), "action.yml has no inputs");
    assert_eq!(
        table(page, "Inputs"),
        inputs,
        "the table under `Inputs` against action.yml"
    );
    // The page also names the outputs that each account adds, which action.yml cannot.
    let outputs = table(page, "Outputs");
    let missing: Vec<_> = keys(action, "outputs")
        .into_iter()
        .filter(|name| !outputs.contains(name))
        .collect();
    assert!(missing.is_empty(), "the table under `Outputs` lacks {missing:?}");
}

fn broken_links(file: &Source) -> Vec<String> {
    if extension(&file.path) != "md" {
        return Vec::new();
    }
    let folder = Path::new(ROOT)
        .join(&file.path)
        .parent()
        .map_or_else(PathBuf::new, Path::to_path_buf);
    links(&file.text)
        .into_iter()
        .filter(|target| !target.starts_with('#') && !target.contains("://") && !target.starts_with("mailto:"))
        .filter(|target| {
            let path = target.split('#').next().unwrap_or(target);
            !folder.join(path).exists()
        })
        .map(|target| format!("{}: nothing at `{target}`", file.path))
        .collect()
}

/// The targets of `[text](target)` outside code blocks.
fn links(markdown: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    let mut in_code = false;
    for line in markdown.lines() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            if let Some((target, _)) = line[at + 2..].split_once(')') {
                targets.push(target.split_whitespace().next().unwrap_or_default());
            }
        }
    }
    targets
}

/// The keys one level below `section:` of a YAML file that indents by two.
fn keys(yaml: &str, section: &str) -> BTreeSet<String> {
    let heading = format!("{section}:");
    let below = yaml.lines().skip_while(|line| line.trim_end() != heading).skip(1);
    below
        .take_while(|line| line.is_empty() || line.starts_with([' ', '#']))
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| !line.starts_with([' ', '#']))
        .filter_map(|line| line.split_once(':'))
        .map(|(key, _)| key.to_owned())
        .collect()
}

/// The names in backticks in the first column of the table under the heading `title`.
fn table(markdown: &str, title: &str) -> BTreeSet<String> {
    let under = markdown
        .lines()
        .skip_while(|line| line.trim_start_matches('#').trim() != title || !line.starts_with('#'));
    under
        .skip(1)
        .take_while(|line| !line.starts_with('#'))
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|row| row.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect()
}

#[test]
fn a_link_to_nothing_is_caught() {
    let text = "[a](Cargo.toml) [b](absent.md#x) [c](#here) [d](https://example.com/x)\n```\n[e](gone.md)\n```\n";
    assert_eq!(
        broken_links(&source("README.md", text)),
        ["README.md: nothing at `absent.md#x`"]
    );
}

#[test]
fn inputs_are_read_from_both_documents() {
    let action = "name: x\ninputs:\n  # c\n  mode:\n    description: d\n\n  only:\n    default: ''\noutputs:\n  ids:\n    description: d\n";
    let readme =
        "## Inputs\n\n| name | what |\n| --- | --- |\n| `mode` | x |\n| `only` | `y` |\n## Outputs\n| `ids` | z |\n";
    assert_eq!(keys(action, "inputs"), table(readme, "Inputs"));
    assert_eq!(keys(action, "inputs").len(), 2);
    assert_eq!(keys(action, "outputs"), table(readme, "Outputs"));
}
