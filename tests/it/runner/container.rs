//! A job container, `container:` of a job: a root of its own with the runner's folders under other names, and processes of
//! its own. Steps come into it as by `docker exec`, whose signals don't, as in `ContainerOperationProvider.cs` and `StepHost.cs`.
//!
//! Linux's own means stand in for Docker: namespaces, bind mounts and a changed root. The programs are those of the machine.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::Runner;
use super::environment::Variables;
use super::node::Node;

/// The container of one job. It ends with the job, and every process in it too.
pub(crate) struct Container {
    /// What Docker's daemon is: its end is the container's.
    daemon: Child,
    /// The container's first process, as the machine counts.
    first: String,
    root: PathBuf,
    mounts: Vec<Mount>,
    workspace: PathBuf,
    /// Whose processes these are: not always the user of the runner.
    user: u32,
}

/// A folder of the runner's and its place in the container.
struct Mount {
    host: PathBuf,
    inside: PathBuf,
}

impl Container {
    /// Starts the container of a job, whose image names this user.
    pub(crate) fn start(runner: &Runner, user: u32) -> Self {
        let root = runner.root().join("container");
        let mounts = mounts(runner);
        for folder in ["dev", "etc", "proc", "tmp", "usr"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        let anybody = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
        fs::set_permissions(root.join("tmp"), anybody).unwrap();
        for name in ["bin", "lib", "lib64", "sbin"] {
            symlink(Path::new("usr").join(name), root.join(name)).unwrap();
        }
        let mut script = String::from("set -e\n");
        let mut mount = |host: &Path, inside: &Path| {
            let target = root.join(inside.strip_prefix("/").unwrap());
            fs::create_dir_all(&target).unwrap();
            fs::create_dir_all(host).unwrap();
            writeln!(script, "mount --rbind '{}' '{}'", host.display(), target.display()).unwrap();
        };
        for same in ["/dev", "/etc", "/usr"] {
            mount(Path::new(same), Path::new(same));
        }
        for Mount { host, inside } in &mounts {
            mount(host, inside);
        }
        let root_name = root.display();
        // The old /proc is still there, and tells the shell its number as the machine counts.
        write!(
            script,
            "read first rest </proc/self/stat\nmount -t proc proc '{root_name}/proc'\necho $first\n\
             exec /usr/sbin/chroot '{root_name}' /usr/bin/tail -f /dev/null >/dev/null\n"
        )
        .unwrap();
        let mut daemon = Command::new("unshare")
            .args(whose())
            .args(["--mount", "--pid", "--fork", "--kill-child", "/bin/sh", "-c", &script])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(daemon.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        assert!(
            !first.is_empty(),
            "no container could be made\nhint: it needs root, or a kernel on which users may make namespaces"
        );
        Self {
            daemon,
            first: first.trim().to_owned(),
            root,
            mounts,
            workspace: runner.workspace(),
            user,
        }
    }

    /// The command as the runner starts it for a step: from outside, with nothing but these variables.
    pub(crate) fn exec(&self, command: &Command, variables: Variables) -> Command {
        let mut exec = Command::new("nsenter");
        exec.args(["--target", &self.first, "--mount", "--pid"]);
        if !rustix::process::geteuid().is_root() {
            exec.args(["--user", "--preserve-credentials"]);
        }
        exec.arg("/usr/sbin/chroot");
        if self.user != 0 {
            exec.arg(format!("--userspec={0}:{0}", self.user)).arg("--groups=");
        }
        exec.arg(&self.root).args(["/usr/bin/env", "-C"]);
        let words = [self.workspace.as_os_str(), command.get_program()];
        for word in words.into_iter().chain(command.get_args()) {
            exec.arg(self.translate(word.to_str().unwrap()));
        }
        exec.env_clear();
        exec.envs(
            variables
                .into_iter()
                .map(|(name, value)| (name, self.translate(&value))),
        );
        exec
    }

    /// A value that is a path of the runner's machine, or begins with one, as the container has it; another as it stands.
    pub(crate) fn translate(&self, value: &str) -> String {
        let inside = |mount: &Mount| {
            let rest = value.strip_prefix(mount.host.to_str()?)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| format!("{}{rest}", mount.inside.display()))
        };
        self.mounts.iter().find_map(inside).unwrap_or_else(|| value.to_owned())
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }
}

/// The folders, those inside of others first.
fn mounts(runner: &Runner) -> Vec<Mount> {
    let mount = |host: PathBuf, inside: &str| Mount {
        host,
        inside: inside.into(),
    };
    let node = |node: Node| node.program().parent().unwrap().to_owned();
    let built = Path::new(env!("CARGO_BIN_EXE_standin")).parent().unwrap();
    let mut mounts = vec![
        mount(runner.temp().join("_github_home"), "/github/home"),
        mount(runner.temp().join("_github_workflow"), "/github/workflow"),
        mount(runner.tool_cache(), "/__t"),
        mount(runner.work(), "/__w"),
        mount(node(Node::TwentyFour), "/__e/node24/bin"),
        mount(node(Node::Twenty), "/__e/node20/bin"),
    ];
    // The action's binary is a link to the one that was just built, so that has to be there too.
    mounts.push(mount(built.to_owned(), built.to_str().unwrap()));
    mounts
}

/// Whoever is not root makes the namespaces in one in which they are.
fn whose() -> &'static [&'static str] {
    if rustix::process::geteuid().is_root() {
        &["--propagation", "private"]
    } else {
        &["--user", "--map-root-user"]
    }
}
