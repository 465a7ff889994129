// SPDX-License-Identifier: MIT OR Apache-2.0
// Empty on purpose: see Cargo.toml.
