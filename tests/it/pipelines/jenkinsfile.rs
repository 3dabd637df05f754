//! Reads a declarative Jenkinsfile as far as the example goes: blocks, `environment`, `sh` steps and options. A line that it
//! doesn't know is an error, so that nothing of the example is passed over.

use super::example::Step;

/// The `sh` steps in order; those of `post { cleanup { } }` run always.
pub(crate) fn steps(text: &str) -> Vec<Step> {
    let (mut steps, mut variables, mut blocks) = (Vec::new(), Vec::new(), Vec::<String>::new());
    let mut script: Option<String> = None;
    for line in text.lines() {
        let bare = line.trim();
        if let Some(open) = &mut script {
            if bare == "'''" {
                let whole = script.take().unwrap();
                steps.push(step(whole, &blocks));
            } else {
                open.push_str(bare);
                open.push('\n');
            }
        } else if bare.is_empty() || bare.starts_with("//") {
        } else if let Some(name) = bare.strip_suffix(" {") {
            blocks.push(name.to_owned());
        } else if bare == "}" {
            blocks.pop().unwrap();
        } else if bare == "sh '''" {
            script = Some(String::new());
        } else if let Some(one) = bare.strip_prefix("sh '").and_then(|rest| rest.strip_suffix('\'')) {
            steps.push(step(one.to_owned(), &blocks));
        } else if let Some((name, value)) = bare.split_once(" = ") {
            assert_eq!(blocks.last().unwrap(), "environment", "{line}");
            let value = match value.strip_prefix("credentials('") {
                Some(_) => "sandbox-pw",
                None => value.trim_matches('\''),
            };
            variables.push((name.to_owned(), value.to_owned()));
        } else {
            assert!(bare.starts_with("image '") || bare.starts_with("timeout("), "{line}");
        }
    }
    assert!(blocks.is_empty() && script.is_none(), "{blocks:?} is never closed");
    for step in &mut steps {
        step.variables.clone_from(&variables);
    }
    steps
}

fn step(script: String, blocks: &[String]) -> Step {
    let always = blocks.ends_with(&["post".to_owned(), "cleanup".to_owned()]);
    assert!(
        always || blocks.last().is_some_and(|block| block == "steps"),
        "{blocks:?}"
    );
    Step {
        script,
        variables: Vec::new(),
        always,
    }
}
