-- wrk: sends the requests of a file by turns. Each line: method, path and body, between tabs; a record separator in the
-- body is a line break. wrk … -s rotate.lua URL -- FILE START CONTENT_TYPE
local requests, at = {}, 0

function init(args)
  local headers = { ["Connection"] = "keep-alive" }
  if args[3] then headers["Content-Type"] = args[3] end
  for line in io.lines(args[1]) do
    local method, path, body = line:match("([^\t]*)\t([^\t]*)\t(.*)")
    body = body:gsub("\30", "\n")
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
  at = tonumber(args[2]) % #requests
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(95), e.status + e.connect + e.read + e.write + e.timeout))
end
