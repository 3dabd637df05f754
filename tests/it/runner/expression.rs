//! The few workflow expressions that a job in these tests needs: `${{ steps.ID.outputs.NAME }}` and its like.

/// Replaces each `${{ ... }}` by what `lookup` gives for the dotted path in it. As on GitHub, nothing is an empty string.
pub(crate) fn evaluate(template: &str, lookup: impl Fn(&[&str]) -> Option<String>) -> String {
    let (mut rest, mut text) = (template, String::new());
    while let Some((before, after)) = rest.split_once("${{") {
        let (expression, after) = after
            .split_once("}}")
            .unwrap_or_else(|| panic!("no end of `${{{{` in `{template}`"));
        text.push_str(before);
        let path: Vec<&str> = expression.trim().split('.').collect();
        text.push_str(&lookup(&path).unwrap_or_default());
        rest = after;
    }
    text + rest
}

#[test]
fn expressions_are_replaced_once() {
    let lookup = |path: &[&str]| match path {
        ["env", "A"] => Some("${{ env.B }}".to_owned()),
        ["steps", "one", "outputs", "identity-alice-id"] => Some("7".to_owned()),
        _ => None,
    };
    assert_eq!(evaluate("<${{ env.A }}>", lookup), "<${{ env.B }}>");
    assert_eq!(
        evaluate("${{steps.one.outputs.identity-alice-id}}${{ env.C }}", lookup),
        "7"
    );
}
