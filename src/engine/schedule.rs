//! Which account's turn it is: as soon as those before it are done, and within each service's limit.
//!
//! The queue is a plain value that is told what ended and says what starts, so that order and limits are tested without
//! anything being run.

use std::collections::VecDeque;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

/// May more be started?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// Yes.
    GoOn,
    /// No: what runs is awaited, and the rest is not begun.
    Drain,
}

/// What waits and what may start.
pub(super) struct Queue {
    lane_of: Vec<usize>,
    waits_for: Vec<usize>,
    before: Vec<Vec<usize>>,
    lanes: Vec<Lane>,
}

struct Lane {
    ready: VecDeque<usize>,
    free: usize,
}

impl Queue {
    /// A queue of tasks in lanes. `after[i]` lists those that must end before task `i` starts.
    pub(super) fn new(lane_of: Vec<usize>, after: &[Vec<usize>], limits: &[usize]) -> Self {
        let mut before = vec![Vec::new(); lane_of.len()];
        for (task, earlier) in after.iter().enumerate() {
            for other in earlier {
                before[*other].push(task);
            }
        }
        let mut queue = Self {
            waits_for: after.iter().map(Vec::len).collect(),
            before,
            lanes: limits
                .iter()
                .map(|limit| Lane {
                    ready: VecDeque::new(),
                    free: (*limit).max(1),
                })
                .collect(),
            lane_of,
        };
        for task in 0..queue.lane_of.len() {
            if queue.waits_for[task] == 0 {
                queue.enqueue(task);
            }
        }
        queue
    }

    fn enqueue(&mut self, task: usize) {
        self.lanes[self.lane_of[task]].ready.push_back(task);
    }

    /// The tasks that may start now, `most` of them; they count as running from here.
    pub(super) fn start(&mut self, most: usize) -> Vec<usize> {
        let mut started = Vec::new();
        for lane in &mut self.lanes {
            while lane.free > 0 && started.len() < most {
                let Some(task) = lane.ready.pop_front() else { break };
                lane.free -= 1;
                started.push(task);
            }
        }
        started
    }

    /// A task has ended.
    pub(super) fn end(&mut self, task: usize) {
        self.lanes[self.lane_of[task]].free += 1;
        for next in std::mem::take(&mut self.before[task]) {
            self.waits_for[next] -= 1;
            if self.waits_for[next] == 0 {
                self.enqueue(next);
            }
        }
    }
}

/// So many tasks are begun before those that run are looked after. A service that is fast enough answers the first before
/// the last is asked.
const BEGUN_AT_ONCE: usize = 8;

/// Runs everything in a queue on this task, and hands each result over as it comes.
pub(super) async fn run<T, F>(mut queue: Queue, start: impl Fn(usize) -> F, mut ended: impl FnMut(usize, T) -> Flow)
where
    F: Future<Output = T>,
{
    let mut running = FuturesUnordered::new();
    let mut flow = Flow::GoOn;
    loop {
        let begun = match flow {
            Flow::GoOn => queue.start(BEGUN_AT_ONCE),
            Flow::Drain => Vec::new(),
        };
        let is_more = begun.len() == BEGUN_AT_ONCE;
        for task in begun {
            let work = start(task);
            // What runs is moved about by its address: with all its steps it has some kilobytes.
            running.push(Box::pin(async move { (task, work.await) }));
        }
        let ended_one = tokio::select! {
            biased;
            ended = running.next() => ended,
            () = tokio::task::yield_now(), if is_more => continue,
        };
        let Some((task, result)) = ended_one else { break };
        queue.end(task);
        if ended(task, result) == Flow::Drain {
            flow = Flow::Drain;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_never_holds_more_than_its_limit() {
        let mut queue = Queue::new(vec![0, 0, 0, 1], &vec![Vec::new(); 4], &[2, 8]);
        assert_eq!(queue.start(9), [0, 1, 3]);
        assert_eq!(queue.start(9), [0; 0]);
        queue.end(1);
        assert_eq!(queue.start(9), [2]);
    }

    #[test]
    fn a_task_starts_as_soon_as_those_before_it_have_ended() {
        let after = [vec![], vec![0], vec![0, 1], vec![]];
        let mut queue = Queue::new(vec![0, 1, 2, 0], &after, &[1, 1, 1]);
        assert_eq!(queue.start(9), [0]);
        queue.end(0);
        assert_eq!(queue.start(9), [3, 1]);
        queue.end(1);
        assert_eq!(queue.start(9), [2]);
    }

    #[test]
    fn a_limit_of_nothing_is_one() {
        let mut queue = Queue::new(vec![0], &[Vec::new()], &[0]);
        assert_eq!(queue.start(9), [0]);
    }

    #[tokio::test]
    async fn draining_awaits_what_runs_and_begins_nothing() {
        let queue = Queue::new(vec![0; 5], &vec![Vec::new(); 5], &[2]);
        let mut seen = Vec::new();
        run(
            queue,
            |task| async move { task * 10 },
            |task, result| {
                seen.push((task, result));
                Flow::Drain
            },
        )
        .await;
        assert_eq!(seen, [(0, 0), (1, 10)]);
    }
}
