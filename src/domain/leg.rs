//! Which of the jobs of a matrix this is: they start in one minute, and no two of them may draw one marker.

use std::str::FromStr;

use super::marker::INVOCATION;

/// More jobs than the CI hosts run of one matrix (GitHub and Azure 256, GitLab 200), and each still has 60,466 invocations.
const MOST: u32 = 1000;

/// One job of a matrix. The only ways to one are [`Leg::ALONE`], [`Leg::new`] and a text such as `3/256`.
///
/// Each leg has invocations of its own: those whose number, divided by how many legs there are, leaves the leg's index.
/// Legs of one matrix can't meet in one of them, and within a leg chance decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
    index: u32,
    total: u32,
}

impl Leg {
    /// The job of no matrix: all invocations are its own.
    pub const ALONE: Self = Self { index: 0, total: 1 };

    /// The leg of this index, from 0, among so many; none where there is no such leg, or where there are more than 1,000.
    pub fn new(index: u32, total: u32) -> Option<Self> {
        (index < total && total <= MOST).then_some(Self { index, total })
    }

    /// How many invocations it has for its own.
    pub fn room(self) -> u32 {
        36_u32.pow(INVOCATION) / self.total
    }

    /// The invocation that a number below [`Leg::room`] stands for: five characters of base 36.
    pub fn invocation(self, drawn: u32) -> String {
        let number = drawn % self.room() * self.total + self.index;
        let digit = |place| char::from_digit(number / 36_u32.pow(place) % 36, 36);
        (0..INVOCATION).rev().filter_map(digit).collect()
    }
}

impl FromStr for Leg {
    type Err = ();

    /// Reads `INDEX/TOTAL`, the index from 0.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (index, total) = text.split_once('/').ok_or(())?;
        let number = |text: &str| text.trim().parse().map_err(|_| ());
        Self::new(number(index)?, number(total)?).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_leg_is_one_of_those_that_there_are() {
        assert_eq!("3/256".parse(), Ok(Leg { index: 3, total: 256 }));
        assert_eq!("0/1".parse(), Ok(Leg::ALONE));
        for text in ["", "/", "3", "3/", "256/256", "-1/4", "0/0", "1/2/3", "0/1001", "x/4"] {
            assert_eq!(text.parse::<Leg>(), Err(()), "{text}");
        }
    }

    #[test]
    fn all_that_a_job_alone_can_draw_is_an_invocation_of_its_own() {
        assert_eq!(Leg::ALONE.room(), 60_466_176);
        assert_eq!(Leg::ALONE.invocation(0), "00000");
        assert_eq!(Leg::ALONE.invocation(60_466_175), "zzzzz");
        let last = Leg::new(MOST - 1, MOST).unwrap();
        assert_eq!((last.room(), last.invocation(60_465).as_str()), (60_466, "zzzv3"));
    }

    proptest! {
        /// Whatever each of them draws.
        #[test]
        fn no_two_legs_of_a_matrix_meet(total in 2..=256_u32, drawn in proptest::collection::vec(any::<u32>(), 256)) {
            let legs = (0..total).map(|index| Leg::new(index, total).unwrap());
            let invocations: HashSet<String> = legs.zip(drawn).map(|(leg, drawn)| leg.invocation(drawn)).collect();
            prop_assert_eq!(invocations.len(), total as usize);
            prop_assert!(invocations.iter().all(|it| it.len() == 5));
        }
    }
}
