-- For dnsdist: refuses the names of a list, and all below them. The list is read anew every 5 minutes.
local list = "/etc/dnsdist/snowman.txt"
local rule = "snowman"
local due = 0

local function load()
	local file = io.open(list)
	if not file then return end -- not there yet
	local names = newSuffixMatchNode()
	for line in file:lines() do
		names:add(newDNSName(line))
	end
	file:close()
	rmRule(rule)
	addAction(SuffixMatchNodeRule(names), RCodeAction(DNSRCode.NXDOMAIN), {name = rule})
	mvRuleToTop()
end

-- dnsdist calls it every second.
function maintenance()
	if due == 0 then load() end
	due = (due + 1) % 300
end
