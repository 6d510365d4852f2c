-- What wrk sends. Arguments: a file of tokens; then "POST", a file with a body, and the first number of this round,
-- or "GET" and a file of addresses. Tokens take turns, so that no client has two requests at a time.
local turns, made = {}, 0
local method, path, template, number

local function lines(name)
  local found = {}
  for line in io.lines(name) do found[#found + 1] = line end
  return found
end

-- The organisation number of nobody (none begins with 99), with the check digit that it needs.
local function orgnr(count)
  local digits, sum = string.format("99%07d", 2000000 + count), 0
  for place = 1, 9 do
    local digit = tonumber(digits:sub(place, place)) * (2 - (place + 1) % 2)
    sum = sum + (digit > 9 and digit - 9 or digit)
  end
  return digits .. (10 - sum % 10) % 10
end

local function bearer(token) return { ["Authorization"] = "Bearer " .. token } end

function init(args)
  local tokens, rest = lines(args[1]), lines(args[3])
  method, number = args[2], tonumber(args[4] or 0)
  if method == "POST" then
    template, path = rest[1], wrk.path
    turns = tokens
  else
    for place, address in ipairs(rest) do
      turns[place] = wrk.format("GET", address, bearer(tokens[(place - 1) % #tokens + 1]))
    end
  end
end

function request()
  made = made + 1
  local turn = turns[(made - 1) % #turns + 1]
  if method == "GET" then return turn end
  number = number + 1
  local headers = bearer(turn)
  headers["Content-Type"] = "application/json"
  headers["Idempotency-Key"] = "bench-" .. number
  local body = template:gsub("NUMBER", number):gsub("ORGNR", orgnr(number))
  return wrk.format("POST", path, headers, body)
end

function done(summary, latency)
  local failed = summary.errors
  io.write(string.format(
    '\n{"answers": %d, "microseconds": %d, "p50": %f, "p99": %f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.duration, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    failed.status, failed.connect + failed.read + failed.write + failed.timeout))
end
