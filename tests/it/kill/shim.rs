//! Where Node can't become another program the shim starts one, and a kill meets the shim alone.

use standin::sandbox::{Moment, Observed};

use super::stage::{Phase, Stage, assert_cleaned, nth, run, services};
use crate::runner::interruption::{Interruption, Trigger};
use crate::runner::node::Node;

#[test]
fn a_setup_that_outlives_its_killed_shim_is_stopped_by_post_and_leaves_nothing() {
    for moment in [Moment::BeforeApply, Moment::AfterApply] {
        let trigger = Trigger::new(Interruption::Kill);
        let watch = {
            let (trigger, second) = (trigger.clone(), nth(2));
            move |phase, observed: &Observed| {
                if second(phase == Phase::Main && observed.method == "POST" && observed.moment == moment) {
                    trigger.fire();
                }
            }
        };
        let services = services().delay(std::time::Duration::from_millis(100));
        let stage = Stage::new(services, watch).on_node(Node::Twenty).at_pace(0.001);
        stage.configure_copies(20);
        let result = run(&stage, Stage::job(), &[&trigger]);
        assert_eq!(result.step("accounts").exit_code, Some(137), "{moment:?}");
        assert_cleaned(&result, &format!("{moment:?}"));
        stage.assert_nothing_left(&format!("{moment:?}"));
        assert!(stage.created_ever() < 63, "setup went on to its end");
        assert!(result.orphans.is_empty(), "{:?}", result.orphans);
        assert!(stage.journal().is_settled());
    }
}
