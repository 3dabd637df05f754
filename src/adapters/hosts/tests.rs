//! What each host tells by its variables.

use super::*;

type Variables = &'static [(&'static str, &'static str)];

/// What each host of the table is known by, in the same order.
const MARKS: [(&str, &str); HOSTS.len()] = [
    ("GITHUB_ACTIONS", "true"),
    ("GITLAB_CI", "true"),
    ("JENKINS_URL", "http://j"),
    ("TF_BUILD", "True"),
    ("CIRCLECI", "true"),
    ("BUILDKITE", "true"),
];

fn host(pairs: &[(&str, &str)]) -> Arc<dyn Host> {
    detect(&pairs.iter().copied().collect()).host
}

fn assert_run(pairs: Variables, (repository, run_id, attempt): (&str, &str, u32), url: Option<&str>) {
    let expected = RunIdentity {
        repository: repository.to_owned(),
        run_id: run_id.to_owned(),
        attempt,
        url: url.map(str::to_owned),
    };
    assert_eq!(RunIdentity::of(host(pairs).run()), expected, "{pairs:?}");
}

#[test]
fn each_host_of_the_table_is_known_by_its_mark_and_by_no_other() {
    for (place, mark) in MARKS.iter().enumerate() {
        let environment = [*mark].into_iter().collect();
        let here: Vec<usize> = (0..HOSTS.len())
            .filter(|row| HOSTS[*row](&environment).is_some())
            .collect();
        assert_eq!(here, [place], "{mark:?}");
        assert!(!host(&[*mark]).may_have_a_watcher(), "{mark:?}");
    }
}

#[test]
fn a_variable_that_makes_no_sense_is_told_and_takes_nothing_with_it() {
    let variables = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_BUILD_ID", "b"),
        ("BUILDKITE_RETRY_COUNT", "hunter2"),
    ];
    let found = detect(&variables.into_iter().collect());
    assert_eq!(found.host.run().id.as_deref(), Some("b"));
    let told: Vec<String> = found.misfits.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["`BUILDKITE_RETRY_COUNT` can't be read, and is ignored"]);
}

#[test]
fn github_and_gitlab_are_known_by_their_variables_and_so_is_the_run() {
    let github: Variables = &[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "octo/shop"),
        ("GITHUB_RUN_ID", "991"),
        ("GITHUB_RUN_ATTEMPT", "3"),
        ("CI", "true"),
    ];
    let url = "https://github.com/octo/shop/actions/runs/991/attempts/3";
    assert_run(github, ("octo/shop", "991", 3), Some(url));
    let bare: Variables = &[("GITHUB_ACTIONS", "true"), ("GITHUB_RUN_ATTEMPT", "0")];
    assert_run(bare, ("local", "local", 1), None);
    let gitlab: Variables = &[
        ("GITLAB_CI", "true"),
        ("CI_PROJECT_PATH", "g/p"),
        ("CI_PIPELINE_ID", "5"),
        ("CI_PIPELINE_URL", "u"),
    ];
    assert_run(gitlab, ("g/p", "5", 1), Some("u"));
}

#[test]
fn the_other_hosts_are_known_by_their_variables_and_so_is_the_run() {
    let jenkins: Variables = &[
        ("JENKINS_URL", "http://j"),
        ("JOB_NAME", "shop/main"),
        ("BUILD_NUMBER", "12"),
        ("BUILD_TAG", "t"),
    ];
    assert_run(jenkins, ("shop/main", "12", 1), None);
    let tagged: Variables = &[("JENKINS_URL", "http://j"), ("BUILD_TAG", "t")];
    assert_run(tagged, ("local", "t", 1), None);
    let azure: Variables = &[
        ("TF_BUILD", "True"),
        ("BUILD_REPOSITORY_NAME", "shop"),
        ("BUILD_BUILDID", "8"),
        ("SYSTEM_JOBATTEMPT", "2"),
        ("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "https://dev.azure.com/o/"),
        ("SYSTEM_TEAMPROJECT", "p"),
    ];
    let url = "https://dev.azure.com/o/p/_build/results?buildId=8";
    assert_run(azure, ("shop", "8", 2), Some(url));
    let circle: Variables = &[
        ("CIRCLECI", "true"),
        ("CIRCLE_PROJECT_USERNAME", "o"),
        ("CIRCLE_PROJECT_REPONAME", "shop"),
        ("CIRCLE_WORKFLOW_ID", "w"),
    ];
    assert_run(circle, ("o/shop", "w", 1), None);
    let buildkite: Variables = &[
        ("BUILDKITE", "true"),
        ("BUILDKITE_REPO", "git@github.com:o/shop.git"),
        ("BUILDKITE_BUILD_ID", "b"),
        ("BUILDKITE_RETRY_COUNT", "1"),
    ];
    assert_run(buildkite, ("o/shop", "b", 2), None);
    let here = format!("local:{}", plain::working_directory().unwrap());
    assert_run(&[("CI", "true")], (&here, "local", 1), None);
    let none: Variables = &[("GITHUB_ACTIONS", "false"), ("GITLAB_CI", "")];
    assert_run(none, (&here, "local", 1), None);
}

#[test]
fn the_hosts_that_number_the_legs_of_a_matrix_are_believed() {
    let of = |pairs: Variables| host(pairs).leg();
    let gitlab: Variables = &[("GITLAB_CI", "true"), ("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "5")];
    assert_eq!(of(gitlab), Leg::new(0, 5));
    let azure: Variables = &[
        ("TF_BUILD", "True"),
        ("SYSTEM_JOBPOSITIONINPHASE", "5"),
        ("SYSTEM_TOTALJOBSINPHASE", "5"),
    ];
    assert_eq!(of(azure), Leg::new(4, 5));
    let circle: Variables = &[
        ("CIRCLECI", "true"),
        ("CIRCLE_NODE_INDEX", "0"),
        ("CIRCLE_NODE_TOTAL", "2"),
    ];
    assert_eq!(of(circle), Leg::new(0, 2));
    let buildkite: Variables = &[
        ("BUILDKITE", "true"),
        ("BUILDKITE_PARALLEL_JOB", "3"),
        ("BUILDKITE_PARALLEL_JOB_COUNT", "4"),
    ];
    assert_eq!(of(buildkite), Leg::new(3, 4));
    // Without `parallel` GitLab has no index, and what makes no sense is no leg.
    let alone: [Variables; 3] = [
        &[("GITLAB_CI", "true"), ("CI_NODE_TOTAL", "1")],
        &[("GITLAB_CI", "true"), ("CI_NODE_INDEX", "0"), ("CI_NODE_TOTAL", "5")],
        &[
            ("CIRCLECI", "true"),
            ("CIRCLE_NODE_INDEX", "2"),
            ("CIRCLE_NODE_TOTAL", "2"),
        ],
    ];
    for pairs in alone {
        assert_eq!(of(pairs), None, "{pairs:?}");
    }
}

#[test]
fn an_event_that_a_stranger_can_start_is_known_also_where_no_runner_is() {
    let target = ("GITHUB_EVENT_NAME", "pull_request_target");
    assert_eq!(host(&[target]).guarded_event(), Some("pull_request_target"));
    assert_eq!(
        host(&[("GITHUB_ACTIONS", "true"), target]).guarded_event(),
        Some("pull_request_target")
    );
    let push = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push")];
    assert_eq!(host(&push).guarded_event(), None);
}

#[test]
fn nobody_watches_a_ci_log() {
    assert!(host(&[("TERM", "xterm")]).may_have_a_watcher());
    assert!(!host(&[("CI", "true")]).may_have_a_watcher());
    assert!(!host(&[("TERM", "dumb")]).may_have_a_watcher());
    assert!(host(&[("CI", "false")]).may_have_a_watcher());
}

#[test]
fn each_host_tells_a_fork_in_its_own_way() {
    let table: [(Variables, bool); 13] = [
        (&[("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "dependabot[bot]")], true),
        (
            &[
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_ACTOR", "octocat"),
                ("GITHUB_EVENT_NAME", "pull_request"),
            ],
            false,
        ),
        (
            &[
                ("GITLAB_CI", "true"),
                ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "2"),
                ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
            ],
            true,
        ),
        (
            &[
                ("GITLAB_CI", "true"),
                ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "1"),
                ("CI_MERGE_REQUEST_PROJECT_ID", "1"),
            ],
            false,
        ),
        (&[("JENKINS_URL", "http://j"), ("CHANGE_FORK", "eve/shop")], true),
        (&[("JENKINS_URL", "http://j"), ("CHANGE_ID", "7")], false),
        (&[("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_ISFORK", "True")], true),
        (&[("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_ISFORK", "False")], false),
        (&[("CIRCLECI", "true"), ("CIRCLE_PR_USERNAME", "eve")], true),
        (&[("CIRCLECI", "true")], false),
        (
            &[
                ("BUILDKITE", "true"),
                ("BUILDKITE_PULL_REQUEST_REPO", "https://host.test/eve/shop.git"),
                ("BUILDKITE_REPO", "git@host.test:o/shop.git"),
            ],
            true,
        ),
        (
            &[
                ("BUILDKITE", "true"),
                ("BUILDKITE_PULL_REQUEST_REPO", "https://host.test/o/shop.git"),
                ("BUILDKITE_REPO", "git@host.test:o/shop.git"),
            ],
            false,
        ),
        (&[("GITHUB_ACTOR", "dependabot[bot]"), ("CHANGE_FORK", "x")], false),
    ];
    for (variables, expected) in table {
        assert_eq!(host(variables).why_secretless().is_some(), expected, "{variables:?}");
    }
}
