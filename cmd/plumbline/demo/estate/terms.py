"""Words that every part of the estate uses."""

from simulator import IMAGES

LINUX, UBUNTU = (i["ami_id"] for i in IMAGES)
WORLD = "0.0.0.0/0"
OFFICE = "198.51.100.4/32"
PARTNER = "777788889999"
SAFE_TLS, OLD_TLS = "ELBSecurityPolicy-TLS13-1-2-2021-06", "ELBSecurityPolicy-2016-08"
# The provider's policies that are in use. Those for reading are the company's own: Amazon's are of a hundred kilobytes.
MANAGED = ("AdministratorAccess", "AmazonSSMManagedInstanceCore", "PowerUserAccess")
