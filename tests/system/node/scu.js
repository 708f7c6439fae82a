// SPDX-License-Identifier: Apache-2.0
// scu: C-ECHO and C-STORE on Node.  usage: node scu.js PORT TITLE FILE ...
'use strict';

const { Client, requests, constants } = require('dcmjs-dimse');

const [port, title, ...files] = process.argv.slice(2);
const client = new Client();
let open = 0;

function add(request) {
  open++;
  request.on('response', (response) => {
    if (response.getStatus() === constants.Status.Success) {
      open--;
    }
  });
  client.addRequest(request);
}

add(new requests.CEchoRequest());
files.forEach((file) => add(new requests.CStoreRequest(file)));
// CTN's server closes with four bytes unread, so the kernel resets (over plain
// TCP too): what counts is that every request was answered.
client.on('networkError', (e) => console.log('network error:', e));
process.on('exit', () => {
  if (open !== 0) {
    console.log('without an answer:', open);
    process.exitCode = 1;
  }
});
client.send('127.0.0.1', Number(port), 'NODE', title);
