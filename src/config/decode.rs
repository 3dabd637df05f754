//! From the tree to values, by hand, so that every mistake is found at once and each is told where it stands.
//!
//! A function here returns `None` when it has told what is wrong; the caller goes on and looks at the rest.

mod fields;
mod scalars;

use super::condition::{Condition, Readings};
use super::diagnostic::{Diagnostic, SHOWN_LIMIT};
use super::keys::{self, Block};
use super::merge::{CONVENTION, merge_document};
use super::short;
use super::source::{Sources, Span};
use super::todo;
use super::tree::{self, Content, Node, Pair};
use super::variables::Use;
use crate::domain::account::ServiceName;
use crate::language::{Access, EnvUse, Environment, Expression, JsonTemplate, LanguageError, Template, nearest};

pub(super) use fields::Fields;

/// The most expressions of a document with all that it is merged over: each takes some kilobytes once it is compiled.
const EXPRESSIONS_LIMIT: usize = 8_000;

/// The names that an expression in some place can see.
pub(super) type Visible = &'static [&'static str];

/// A name with its attributes that an expression reads, such as `account.role`.
#[derive(Clone, Debug)]
pub(super) struct Read {
    pub(super) path: String,
    /// Where it stands in the text, or the whole text where that can't be told.
    pub(super) span: Span,
    /// The service whose expression it is; none for a persona's.
    pub(super) service: Option<ServiceName>,
    /// Does the expression say what holds where it is not there?
    pub(super) is_guarded: bool,
    /// Who reads it, as far as that says what is captured by then.
    pub(super) reader: Reader,
}

/// Who reads a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// The credentials: they see what the log-in captured.
    Auth,
    /// What creates an account or looks for it by its name, perhaps in another process: what came before the create is there.
    Creates,
    /// What is sent right after the create: what came until then is there.
    Follows,
    /// Any other.
    Other,
}

/// Where a service names its preset, and which: what the preset leaves to the user is missed there.
#[derive(Clone, Copy)]
pub(super) struct PresetName {
    pub(super) span: Span,
    pub(super) name: &'static str,
}

/// What is known while a document is read: its texts, and what was found so far.
pub(super) struct Decoder {
    pub(super) sources: Sources,
    variables: Environment,
    uses: Vec<Use>,
    diagnostics: Vec<Diagnostic>,
    /// To be checked once all names are known.
    pub(super) reads: Vec<Read>,
    /// How many expressions were read.
    expressions: usize,
    /// Is what is read now part of a request, which is made at some moment?
    pub(super) has_moment: bool,
    /// The service that is being read.
    pub(super) service: Option<ServiceName>,
    /// How its answers are read, where a request does not say it otherwise.
    pub(super) readings: Readings,
    /// The answers to its create that mean: it certainly was not made.
    pub(super) refused: Option<Condition>,
    /// The preset that it names.
    pub(super) preset: Option<PresetName>,
    pub(super) document: Option<Node>,
    pub(super) convention: Option<Node>,
}

impl Decoder {
    pub(super) fn new(source_name: &str, text: &str, variables: Environment) -> Self {
        let mut sources = Sources::new();
        let document = sources.add_document(source_name, text);
        let convention = sources.add("the article's convention", CONVENTION);
        let (mut tree, diagnostics) = tree::parse(&mut sources, document);
        tree.iter_mut().for_each(short::write_out);
        let (convention, _) = tree::parse(&mut sources, convention);
        Self {
            sources,
            variables,
            uses: Vec::new(),
            diagnostics,
            reads: Vec::new(),
            expressions: 0,
            has_moment: false,
            service: None,
            readings: Readings::default(),
            refused: None,
            preset: None,
            document: tree,
            convention,
        }
    }

    /// Merges another document over what there is so far.
    pub(super) fn merge_over(&mut self, source_name: &str, text: &str) {
        let source = self.sources.add_document(source_name, text);
        let (mut over, diagnostics) = tree::parse(&mut self.sources, source);
        over.iter_mut().for_each(short::write_out);
        self.take_over(diagnostics);
        self.document = match (self.document.take(), over) {
            (Some(base), Some(over)) => Some(merge_document(base, over)),
            // There is a mistake already, so that nothing comes of the document.
            (base, over) => base.or(over),
        };
    }

    /// What of the document is still to be written.
    pub(super) fn todos(&self) -> Vec<Diagnostic> {
        let document = self.document.iter();
        document.flat_map(|node| todo::find(&self.sources, node)).collect()
    }

    /// The texts, the variables that are used, and the mistakes in the order of the document.
    pub(super) fn finish(mut self) -> (Sources, Vec<Use>, Vec<Diagnostic>) {
        let main = self.sources.name(0);
        self.diagnostics.sort_by_key(|diagnostic| {
            let place = &diagnostic.place;
            (place.source != main, place.line, place.column)
        });
        self.diagnostics.dedup();
        (self.sources, self.uses, self.diagnostics)
    }

    /// What `read` reads, with who reads the names in it.
    pub(super) fn reading_as<T>(&mut self, reader: Reader, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.reads.len();
        let value = read(self);
        for read in &mut self.reads[before..] {
            read.reader = reader;
        }
        value
    }

    pub(super) fn error(&mut self, span: Span, message: impl Into<String>) {
        self.report(span, message, None);
    }

    pub(super) fn error_with_hint(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.report(span, message, Some(hint.into()));
    }

    fn report(&mut self, span: Span, message: impl Into<String>, hint: Option<String>) {
        if self.diagnostics.len() < SHOWN_LIMIT {
            let diagnostic = self.sources.diagnostic(span, message, hint);
            self.diagnostics.push(diagnostic);
        }
    }

    /// Mistakes that another reader found.
    pub(super) fn take_over(&mut self, diagnostics: Vec<Diagnostic>) {
        self.diagnostics.extend(diagnostics);
    }

    /// Something that has to be there is not. In a map that the user did not write, it is the user's service that lacks it.
    pub(super) fn missing(&mut self, span: Span, message: impl Into<String>) {
        match self.preset {
            Some(preset) if span.source != preset.span.source => self.error_with_hint(
                preset.span,
                format!("{}, which the preset leaves to you", message.into()),
                format!(
                    "add it; `standin presets {}` prints all that the service is merged over",
                    preset.name
                ),
            ),
            _ => self.error(span, message),
        }
    }

    /// The value of a key that was written, which must not be null.
    pub(super) fn given<'n>(&mut self, entry: &'n Pair, place: &str) -> Option<&'n Node> {
        if matches!(entry.value.kind, Content::Null) {
            self.missing(entry.key_span, format!("`{place}.{}` has no value", entry.key));
            return None;
        }
        Some(&entry.value)
    }

    /// The entries of a map. `what` names it in messages, with its article.
    pub(super) fn map<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [Pair]> {
        let entries = node.as_map();
        if entries.is_none() {
            self.error(node.span, format!("{what} is a map, not {}", node.what()));
        }
        entries
    }

    /// A map with the keys of a block.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        block: &'static Block,
    ) -> Option<Fields<'n>> {
        let entries = self.map(node, what)?;
        Some(Fields::new(what, node.span, entries, block))
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node, key: &str) -> Option<&'n [Node]> {
        let items = node.as_list();
        if items.is_none() {
            self.error(node.span, format!("`{key}` is a list, not {}", node.what()));
        }
        items
    }

    pub(super) fn template(&mut self, node: &Node, key: &str, names: Visible) -> Option<Template> {
        let text = self.text(node, key)?;
        self.has_room(node)?;
        match Template::parse(&text) {
            Ok(template) => {
                for expression in template.expressions() {
                    self.names(node.span, expression, names);
                }
                Some(template)
            }
            Err(error) => {
                self.language_error(node, &text, error);
                None
            }
        }
    }

    pub(super) fn expression(&mut self, node: &Node, key: &str, names: Visible) -> Option<Expression> {
        let Content::String(text) = &node.kind else {
            self.error(node.span, format!("`{key}` is an expression, not {}", node.what()));
            return None;
        };
        self.has_room(node)?;
        if todo::is_todo(text) {
            // A text of its own, which reads nothing.
            let quoted = serde_json::Value::from(text.trim()).to_string();
            return Expression::parse(&quoted).ok();
        }
        match Expression::parse(text) {
            Ok(expression) => {
                self.names(node.span, &expression, names);
                Some(expression)
            }
            Err(error) => {
                self.language_error(node, text, error);
                None
            }
        }
    }

    /// A map of templates, such as `headers`.
    pub(super) fn templates(&mut self, node: &Node, what: &'static str, names: Visible) -> Vec<(String, Template)> {
        self.named(node, what, |decoder, entry| {
            decoder.template(&entry.value, &entry.key, names)
        })
    }

    /// A map of expressions, such as `capture`.
    pub(super) fn expressions(&mut self, node: &Node, what: &'static str, names: Visible) -> Vec<(String, Expression)> {
        self.named(node, what, |decoder, entry| {
            if !is_name(&entry.key) {
                decoder.error_with_hint(
                    entry.key_span,
                    format!("`{}` is not a valid name in {what}", entry.key),
                    "use letters, digits and `_`",
                );
            }
            decoder.expression(&entry.value, &entry.key, names)
        })
    }

    /// A map whose keys the user chooses. Values that are null count as absent.
    pub(super) fn named<T>(
        &mut self,
        node: &Node,
        what: &'static str,
        mut value: impl FnMut(&mut Self, &Pair) -> Option<T>,
    ) -> Vec<(String, T)> {
        let mut values = Vec::new();
        for entry in self.map(node, what).unwrap_or_default() {
            if matches!(entry.value.kind, Content::Null) {
                continue;
            }
            if let Some(value) = value(self, entry) {
                values.push((entry.key.clone(), value));
            }
        }
        values
    }

    /// A JSON document with templates in its strings and keys. Null is kept.
    pub(super) fn json(&mut self, node: &Node, names: Visible) -> Option<JsonTemplate> {
        match &node.kind {
            Content::Null => Some(JsonTemplate::Scalar(serde_json::Value::Null)),
            Content::Bool(value) => Some(JsonTemplate::Scalar((*value).into())),
            Content::Number(number, _) => {
                let is_whole = number.as_f64().is_some_and(|double| double.fract() == 0.0);
                if number.is_f64() && is_whole && number.as_f64().is_none_or(|d| d.abs() >= 2_f64.powi(53)) {
                    self.error_with_hint(
                        node.span,
                        "the number has more digits than can be kept",
                        "put it in quotes if the service takes text",
                    );
                    return None;
                }
                Some(JsonTemplate::Scalar(serde_json::Value::Number(number.clone())))
            }
            Content::String(_) => self
                .template(node, keys::request::JSON.name, names)
                .map(JsonTemplate::Text),
            Content::List(items) => {
                let decoded: Vec<_> = items.iter().filter_map(|item| self.json(item, names)).collect();
                (decoded.len() == items.len()).then_some(JsonTemplate::List(decoded))
            }
            Content::Map(entries) => {
                let decoded: Vec<_> = entries
                    .iter()
                    .filter_map(|entry| {
                        let key = Node {
                            span: entry.key_span,
                            kind: Content::String(entry.key.clone()),
                        };
                        let key = self.template(&key, keys::request::JSON.name, names);
                        let value = self.json(&entry.value, names);
                        Some((key?, value?))
                    })
                    .collect();
                (decoded.len() == entries.len()).then_some(JsonTemplate::Map(decoded))
            }
        }
    }

    /// May there be another expression?
    pub(super) fn has_room(&mut self, node: &Node) -> Option<()> {
        if self.expressions < EXPRESSIONS_LIMIT {
            return Some(());
        }
        if self.expressions == EXPRESSIONS_LIMIT {
            self.expressions += 1;
            self.error_with_hint(
                node.span,
                format!("there are more than {EXPRESSIONS_LIMIT} expressions with this one"),
                "divide the configuration, and set up each part by itself",
            );
        }
        None
    }

    /// Notes what an expression uses, and tells which of its names can't be there.
    pub(super) fn names(&mut self, span: Span, expression: &Expression, names: Visible) {
        self.expressions = (self.expressions + 1).min(EXPRESSIONS_LIMIT);
        for name in expression.names() {
            if names.contains(&name.as_str()) {
                continue;
            }
            let hint = match nearest(name, names.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the names here are {}", names.join(", ")),
            };
            let span = self.sources.within(span, name);
            self.error_with_hint(span, format!("unknown name `{name}` in an expression"), hint);
        }
        if let Some(word) = expression.clock().filter(|_| !self.has_moment) {
            let span = self.sources.within(span, word);
            self.error_with_hint(
                span,
                format!("`{word}` differs from one request to the next, and can't be used here"),
                "use it in the `request`, `query`, `headers`, `json`, `form` or `body` of a request",
            );
        }
        for path in expression.paths() {
            let root = path.split('.').next().unwrap_or_default();
            if !names.contains(&root) {
                continue;
            }
            self.reads.push(Read {
                path: path.clone(),
                span: self.sources.within(span, path),
                service: self.service.clone(),
                is_guarded: expression.guards(path),
                reader: Reader::Other,
            });
        }
        for variable in expression.env_uses() {
            self.access(span, variable);
            self.uses.push(Use {
                variable: variable.clone(),
                place: self.sources.place(span),
                service: self.service.clone(),
            });
        }
    }

    /// Variables that are never given to a configuration are mistakes of it, whether they are set or not.
    fn access(&mut self, span: Span, variable: &EnvUse) {
        let name = &variable.name;
        match self.variables.access(name) {
            Access::Hidden => self.error_with_hint(
                span,
                format!("a configuration can't read `env.{name}`"),
                "it belongs to the CI host; to allow it, list it in the setting `allow-env`, with every other variable in use",
            ),
            Access::Borrowed => self.error_with_hint(
                span,
                format!("a configuration can't read `env.{name}`: it holds the value of a variable of the CI host"),
                "to allow it, list it in the setting `allow-env`, with every other variable in use",
            ),
            Access::NotAllowed => self.error_with_hint(
                span,
                format!("`env.{name}` may not be read here"),
                "add it to the setting `allow-env`",
            ),
            Access::Set | Access::Unset => {}
        }
        for inner in variable.fallback.iter().flatten() {
            self.access(span, inner);
        }
    }

    /// A mistake inside of a text, at its own place where the text stands in the document as it is.
    pub(super) fn language_error(&mut self, node: &Node, text: &str, error: LanguageError) {
        let written = self.sources.slice(node.span);
        let span = match written.find(text) {
            Some(at) if !text.contains('\n') => {
                let start = node.span.start + at + error.offset;
                // The word that is meant, or the one mark.
                let rest = text.get(error.offset..).unwrap_or_default();
                let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
                Span {
                    start,
                    end: start + word.unwrap_or(rest.len()).max(1),
                    ..node.span
                }
            }
            _ => node.span,
        };
        self.report(span, error.message, error.hint);
    }
}

/// Can this be written behind a dot in an expression?
pub(super) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}
