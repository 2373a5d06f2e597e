//! Counts what a piece of work takes, on this thread alone and the same on every machine: bytes held, and steps.
//!
//! Bytes need `#[global_allocator] static A: meter::Counting = meter::Counting;`. Steps need a crate that was compiled through
//! `instrument` (beside this package), which makes each branch of its code call [`__sanitizer_cov_trace_pc_guard`].

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static STEPS: Cell<u64> = const { Cell::new(0) };
    static HELD: Cell<i64> = const { Cell::new(0) };
    static PEAK: Cell<i64> = const { Cell::new(0) };
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// What a piece of work took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// Branches of instrumented code that were entered.
    pub steps: u64,
    /// The most bytes held at once, beyond those held before.
    pub peak: u64,
    /// Bytes still held behind it, its result among them.
    pub kept: i64,
    pub allocations: u64,
}

/// Does the work and tells what it took.
pub fn cost<T>(work: impl FnOnce() -> T) -> (T, Cost) {
    let (steps, held, allocations) = (STEPS.get(), HELD.get(), ALLOCATIONS.get());
    PEAK.set(held);
    let done = work();
    let cost = Cost {
        steps: STEPS.get() - steps,
        peak: u64::try_from(PEAK.get() - held).unwrap_or(0),
        kept: HELD.get() - held,
        allocations: ALLOCATIONS.get() - allocations,
    };
    (done, cost)
}

/// The system's allocator, which keeps count.
pub struct Counting;

fn grown(by: i64) {
    // A thread that is ending has no counters any more, and nothing that is measured.
    let _ = HELD.try_with(|held| {
        held.set(held.get() + by);
        let _ = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
    if by > 0 {
        let _ = ALLOCATIONS.try_with(|n| n.set(n.get() + 1));
    }
}

// SAFETY: every call goes to the system's allocator as it came; the counters allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        grown(layout.size() as i64);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        grown(layout.size() as i64);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        grown(-(layout.size() as i64));
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // While it moves, old and new are both held.
        grown(size as i64);
        grown(-(layout.size() as i64));
        unsafe { System.realloc(at, layout, size) }
    }
}

/// Called by instrumented code wherever it branches.
#[unsafe(no_mangle)]
pub extern "C" fn __sanitizer_cov_trace_pc_guard(_guard: *mut u32) {
    let _ = STEPS.try_with(|steps| steps.set(steps.get() + 1));
}

/// Called once by each instrumented piece at start.
#[unsafe(no_mangle)]
pub extern "C" fn __sanitizer_cov_trace_pc_guard_init(_from: *mut u32, _to: *mut u32) {}
