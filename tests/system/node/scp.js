// SPDX-License-Identifier: Apache-2.0
// scp: a storage server on Node.  usage: node scp.js PORT FOLDER
'use strict';

const path = require('path');
const { Server, Scp, responses, constants } = require('dcmjs-dimse');
const { Status, PresentationContextResult: Result, TransferSyntax } = constants;

const [port, folder] = process.argv.slice(2);
const known = [TransferSyntax.ImplicitVRLittleEndian,
  TransferSyntax.ExplicitVRLittleEndian];

class Storage extends Scp {
  associationRequested(association) {
    for (const { id } of association.getPresentationContexts()) {
      const context = association.getPresentationContext(id);
      const syntax = context.getTransferSyntaxUids()
        .find((uid) => known.includes(uid));
      if (syntax) {
        context.setResult(Result.Accept, syntax);
      } else {
        context.setResult(Result.RejectTransferSyntaxesNotSupported);
      }
    }
    this.sendAssociationAccept();
  }

  cEchoRequest(request, callback) {
    const response = responses.CEchoResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  cStoreRequest(request, callback) {
    const dataset = request.getDataset();
    dataset.toFile(path.join(folder, dataset.getElement('SOPInstanceUID')));
    const response = responses.CStoreResponse.fromRequest(request);
    response.setStatus(Status.Success);
    callback(response);
  }

  associationReleaseRequested() {
    this.sendAssociationReleaseResponse();
  }
}

const server = new Server(Storage);
server.on('networkError', (e) => console.log('network error:', e));
server.listen(Number(port));
