// SPDX-License-Identifier: MIT OR Apache-2.0
#include "noise/handshake_impl.h"

namespace zerok::noise {

template class Handshake<crypto::Blake2s>;
template class Handshake<crypto::Sha256>;

}  // namespace zerok::noise
