// SPDX-License-Identifier: Apache-2.0
// both-tls: Node's own TLS and the preload library's in one process.
//
// usage: both-tls.js KEY CERT TLS-PORT NET-PORT NATIVE-PORT
//
// At the same time: https on TLS-PORT with a client, both here; a plain echo
// on NET-PORT with a client, both here (the library makes it TLS); a tls
// client to NATIVE-PORT, where another program echoes over TLS of its own.
"use strict";
const crypto = require("crypto");
const fs = require("fs");
const https = require("https");
const net = require("net");
const tls = require("tls");

const [keyFile, certFile, ...ports] = process.argv.slice(2);
const [tlsPort, netPort, nativePort] = ports.map(Number);
const own = { key: fs.readFileSync(keyFile), cert: fs.readFileSync(certFile) };
const host = "127.0.0.1";
const data = crypto.randomBytes(3 << 20);

function same(what, got) {
	if (!Buffer.concat(got).equals(data))
		throw new Error(`${what}: other bytes came back`);
	console.log(`${what}: ${data.length} bytes equal`);
}

// Sends the data and gets it back.
function echo(what, socket, ready) {
	return new Promise((resolve, reject) => {
		const got = [];
		let have = 0;

		socket.on("error", reject);
		socket.on("data", (d) => {
			got.push(d);
			have += d.length;
			if (have >= data.length)
				socket.end();
		});
		socket.on("close", () => resolve(same(what, got)));
		socket.on(ready, () => socket.write(data));
	});
}

function post() {
	return new Promise((resolve, reject) => {
		const request = https.request({ host, port: tlsPort,
			method: "POST", ca: own.cert }, (answer) => {
			const got = [];

			answer.on("data", (d) => got.push(d));
			answer.on("end", () => resolve(same("https", got)));
		});
		request.on("error", reject);
		request.end(data);
	});
}

const web = https.createServer(own, (request, answer) => request.pipe(answer));
const plain = net.createServer((socket) => socket.pipe(socket));

async function all() {
	await new Promise((r) => web.listen(tlsPort, host, r));
	await new Promise((r) => plain.listen(netPort, host, r));
	await Promise.all([post(), post(), post(),
		echo("net", net.connect(netPort, host), "connect"),
		echo("tls", tls.connect({ host, port: nativePort,
			ca: own.cert }), "secureConnect"),
		echo("net", net.connect(netPort, host), "connect")]);
	web.close();
	plain.close();
}

all().catch((e) => {
	console.error(e);
	process.exit(1);
});
