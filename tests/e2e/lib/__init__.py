# SPDX-License-Identifier: Apache-2.0
"""The laboratory of the end-to-end tests: hosts, wires, keys and traffic.

netns    network namespaces joined by veth pairs, with and without NAT
pki      certification authorities, keys and certificates in every file format
conf     swanctl.conf and strongswan.conf from nested dictionaries
host     a VPN host: our daemon, or strongSwan's, behind one interface
traffic  ping, TCP with digests, packet capture
lab      all of it tied to the life of one test
plugin   pytest fixtures and hooks
"""
