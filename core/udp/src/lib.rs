//! The UDP threads.
