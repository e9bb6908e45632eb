net.listen('127.0.0.1', {{.Port}})
net.ipv6 = false
trust_anchors.remove('.')
-- What asks names of its own accord.
modules.unload('priming')
modules.unload('detect_time_skew')
modules.unload('detect_time_jump')
modules.unload('ta_update')
modules.unload('ta_signal_query')
cache.open(10 * MB)
-- The first rule that returns a state is the last one that is asked. Passthru does: a name that it lets
-- pass would not be forwarded by a rule behind it. So forwarding comes first, and returns none.
local forward = policy.STUB('127.0.0.1@{{.Upstream}}')
policy.add(policy.all(function (state, req) forward(state, req) end))
policy.add(policy.rpz(policy.DENY, '{{.List}}', false))
