-- What wrk sends: PUT /model for each name of a file, one after the other. Each thread starts elsewhere.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function init(args)
  requests = {}
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  for name in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format("PUT", "/model", headers, "url=" .. name)
  end
  at = number * 7919
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format("soak: %d %d %d\n", summary.requests, summary.duration,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
