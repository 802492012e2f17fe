#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes what moon and carol prove their identities with: a certification authority with a Falcon
# key and two certificates with Dilithium keys. Each command is shown as it is run.
#   certificates.sh DIRECTORY      fills DIRECTORY/moon and DIRECTORY/carol, unless they are there
set -eu
dir=${1:?usage: certificates.sh DIRECTORY}
mkdir -p "$dir"
cd "$dir"
[ ! -e complete ] || exit 0
umask 077

# make FILE COMMAND...: the command's output is the file.
make() {
	file=$1
	shift
	line=
	for word in "$@"; do
		case $word in *' '*) line="$line '$word'" ;; *) line="$line $word" ;; esac
	done
	echo "ca#$line > $file"
	"$@" >"$file.new"
	mv "$file.new" "$file"
}

# end NAME COMMON-NAME: key and certificate of a host, where its /etc/swanctl has them.
end() {
	mkdir -p "$1/pkcs8" "$1/x509" "$1/x509ca"
	make "$1/pkcs8/$1Key.pem" pki --gen --type dilithium5 --outform pem
	make "$1/x509/$1Cert.pem" pki --issue --cacert caCert.pem --cakey caKey.pem \
		--type dilithium5 --in "$1/pkcs8/$1Key.pem" \
		--dn "C=CH, O=Cyber, CN=$2" --san "$2" --lifetime 1461 --outform pem
	cp caCert.pem "$1/x509ca/caCert.pem"
}

make caKey.pem pki --gen --type falcon1024 --outform pem
make caCert.pem pki --self --ca --type falcon1024 --in caKey.pem \
	--dn "C=CH, O=Cyber, CN=Cyber Root CA" --lifetime 3652 --outform pem
end moon moon.strongswan.org
end carol carol@strongswan.org
touch complete
