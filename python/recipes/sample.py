"""Write a made-up dns.log of Zeek: a day of an office, and one client that a generator of names runs on.

python sample.py > dns.log
"""

import random

random.seed(7)
SITES = """github.com microsoft.com google.com office.com wikipedia.org apple.com mozilla.org debian.org python.org ubuntu.com cloudflare.com
amazon.com netflix.com spotify.com linkedin.com zoom.us slack.com dropbox.com adobe.com nytimes.com bbc.co.uk theguardian.com spiegel.de heise.de
stackoverflow.com booking.com ikea.com lufthansa.com bahn.de who.int nasa.gov mit.edu""".split()
HOSTS = ["", "www.", "www.", "api.", "cdn.", "static.", "mail.", "login.", "img.", "news."]
PHISHING = ["paypal-login-secure.com", "microsoft-account-verify.net", "secure-dhl-tracking.info"]
CLIENTS = [f"198.51.100.{number}" for number in range(10, 22)]
START = 1_796_083_200  # 2026-12-01 00:00 UTC


def generated():
    return "".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(12, 19))) + random.choice([".com", ".net", ".info", ".biz"])


records = []
for client in CLIENTS:
    for _ in range(random.randint(150, 350)):
        records.append((random.gauss(13, 3) % 24 * 3600, client, random.choice(HOSTS) + random.choice(SITES), "NOERROR"))
for beacon in range(40):  # from 02:00 on, each half hour
    for _ in range(random.randint(6, 9)):
        records.append((7200 + beacon * 1800 + random.random() * 20, "198.51.100.17", generated(), "NXDOMAIN"))
for name in PHISHING:
    records.append((random.gauss(11, 2) * 3600, random.choice(CLIENTS), name, "NOERROR"))

print("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns")
print("#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tquery\tqtype_name\trcode_name")
print("#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tstring\tstring")
for number, (second, client, query, rcode) in enumerate(sorted(records)):
    print(f"{START + second % 86400:.6f}\tC{number:06d}\t{client}\t{random.randint(1024, 65535)}\t198.51.100.2\t53\tudp\t{query}\tA\t{rcode}")
