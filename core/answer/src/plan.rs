//! Words of the plan (`gslb/plan.py`): all that the data plane obeys. Built by `delta`, read by everything else, never edited.

/// One generation of the plan; swapped whole.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// 0: nothing yet.
    pub generation: u64,
}
