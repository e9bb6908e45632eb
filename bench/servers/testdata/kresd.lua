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
policy.add(policy.all(policy.STUB('127.0.0.1@{{.Upstream}}')))
modules.load('dnstap')
dnstap.config({ socket_path = '{{.Dir}}/dnstap.sock', client = { log_queries = true, log_responses = true } })
log_level('debug')
